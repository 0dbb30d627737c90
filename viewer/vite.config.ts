import { build, defineConfig, type Plugin } from "vite";

const PUBLIC = [
  "/icon.svg",
  "/icons/192.png",
  "/icons/512.png",
  "/icons/maskable-512.png",
  "/icons/apple-180.png",
  "/manifest.webmanifest",
];

/** Build the service worker after everything else: it has to know the names of all files of this version. */
function serviceWorker(): Plugin {
  let outDir = "dist";
  return {
    name: "service-worker",
    apply: "build",
    configResolved(config) {
      outDir = config.build.outDir;
    },
    async writeBundle(_, bundle) {
      const names = Object.keys(bundle).sort(); // but for the page they have digests in them
      const page = bundle["index.html"];
      if (page?.type !== "asset") throw new Error("there is no index.html to install");
      const bytes = new TextEncoder().encode(`${names.join("\n")}\n${page.source}`);
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
      const version = [...digest.slice(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      const files = [...names.map((name) => (name === "index.html" ? "/" : `/${name}`)), ...PUBLIC];
      await build({
        configFile: false,
        logLevel: "warn",
        publicDir: false,
        define: { BUILD: JSON.stringify({ version, files }) },
        build: {
          target: "es2022",
          outDir,
          emptyOutDir: false,
          lib: { entry: "src/worker/sw.ts", formats: ["iife"], name: "worker", fileName: () => "sw.js" },
        },
      });
    },
  };
}

/** Let the page name the scripts of the interface: they come while the first script asks for what they will show. */
function interfaceAhead(): Plugin {
  return {
    name: "interface-ahead",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler(html, { bundle }) {
        const chunks = new Map(
          Object.values(bundle ?? {}).flatMap((one) => (one.type === "chunk" ? [[one.fileName, one]] : [])),
        );
        const app = [...chunks.values()].find((one) => one.facadeModuleId?.endsWith("/src/app.tsx"));
        if (!app) throw new Error("there is no interface to name in index.html");
        const missing = [app.fileName, ...app.imports].filter((name) => chunks.has(name) && !html.includes(name));
        const attrs = (name: string) => ({ rel: "modulepreload", crossorigin: true, href: `/${name}` });
        return missing.map((name) => ({ tag: "link", attrs: attrs(name), injectTo: "head" as const }));
      },
    },
  };
}

export default defineConfig({
  base: "/",
  plugins: [interfaceAhead(), serviceWorker()],
  build: { target: "es2022", sourcemap: false, assetsInlineLimit: 0 },
  server: {
    proxy: { "/api": "http://127.0.0.1:8080", "/bcf": "http://127.0.0.1:8080" },
  },
});
