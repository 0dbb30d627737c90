import { defineConfig } from "vite";

/** The same viewer as one classic script, for reports that are opened from a disk: browsers load no modules from there. */
export default defineConfig({
  base: "./",
  publicDir: false,
  build: {
    target: "es2022",
    outDir: "dist/folder",
    assetsInlineLimit: 100_000,
    modulePreload: false,
    cssCodeSplit: false,
    rolldownOptions: {
      input: "src/folder.tsx",
      output: {
        format: "iife",
        codeSplitting: false,
        entryFileNames: "viewer.js",
        assetFileNames: "viewer[extname]",
      },
    },
  },
});
