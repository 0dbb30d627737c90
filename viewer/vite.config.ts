import { defineConfig } from "vite";

export default defineConfig({
  base: "/",
  build: { target: "es2022", sourcemap: false, assetsInlineLimit: 0 },
  server: {
    proxy: { "/api": "http://127.0.0.1:8080", "/bcf": "http://127.0.0.1:8080" },
  },
});
