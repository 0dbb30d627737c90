import { defineConfig } from "vite";

/** Panels of modes that need a server: a folder offers none of them (panels/modes.tsx), so it brings none along. */
const SERVED = [
  "worklist",
  "inspections",
  "photos",
  "reports",
  "topics",
  "begin",
  "keep",
  "compare",
  "views",
  "hand",
  "hand-view",
];
const NONE = "\0served";
const left = {
  name: "leave-out-what-needs-a-server",
  enforce: "pre" as const,
  resolveId: (id: string, importer?: string) =>
    importer?.endsWith("/panels/modes.tsx") && SERVED.includes(id.replace("./", "")) ? NONE : null,
  load: (id: string) => (id === NONE ? "export default null;" : null),
};

/** The same viewer as one classic script, for reports that are opened from a disk: browsers load no modules from there. */
export default defineConfig({
  base: "./",
  publicDir: false,
  plugins: [left],
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
