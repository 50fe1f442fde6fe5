import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import tailwind from "@tailwindcss/vite";
import { tanstackRouter } from "@tanstack/router-plugin/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

// shell writes sw.js: the service worker with the list of what it keeps, so that the pages open without a server.
function shell(): Plugin {
  return {
    name: "easel-shell",
    apply: "build",
    generateBundle(_, bundle) {
      const files = Object.keys(bundle)
        .filter((f) => /^assets\//.test(f) && !/^assets\/model-/.test(f)) // three.js is large, and its files need the server
        .sort();
      const version = createHash("sha256").update(files.join("\n")).digest("hex").slice(0, 12);
      const source = readFileSync("src/shell-worker.js", "utf8")
        .replace("__VERSION__", version)
        .replace("__FILES__", ["/", ...files.map((f) => `/${f}`), "/icon.svg", "/theme.js"].join(" "));
      this.emitFile({ type: "asset", fileName: "sw.js", source });
    },
  };
}

// start puts src/start.ts before all other scripts: a file of its own, since Vite makes one of all that a page names.
function start(): Plugin {
  return {
    name: "easel-start",
    transformIndexHtml: {
      order: "post",
      handler: (_, { bundle }) => {
        const built = Object.values(bundle ?? {}).find((f) => f.type === "chunk" && f.isEntry && f.name === "start");
        return [
          { tag: "script", attrs: { type: "module", src: built ? `/${built.fileName}` : "/src/start.ts" }, injectTo: "head-prepend" },
        ];
      },
    },
  };
}

// Few files: each beyond the six that a browser asks for at once waits for a trip to the server.
const groups = [
  { name: "ahead", test: /src\/(api\/(ahead|session)|pages\/Generate\/first)\.ts$/, priority: 2 },
  { name: "base", test: /src\/(ui|api|app|text\/(?!en\/(mask|queue|settings|workflows)))/, priority: 1 },
];

// What most open is in the first file: a part of its own would cost a trip to the server more.
const splitBehavior = ({ routeId }: { routeId: string }) => (routeId === "/generate" ? [] : undefined);

// `EASEL=http://127.0.0.1:7860 npm run dev` develops against a running `easel serve --allow-origin ...`.
export default defineConfig({
  plugins: [
    tanstackRouter({ target: "react", autoCodeSplitting: true, codeSplittingOptions: { splitBehavior } }),
    react(),
    tailwind(),
    start(),
    shell(),
  ],
  resolve: { alias: { "@": "/src" } },
  server: { proxy: { "/api": process.env.EASEL ?? "http://127.0.0.1:7860" } },
  build: {
    target: "es2023",
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    rolldownOptions: { input: { index: "index.html", start: "src/start.ts" }, output: { codeSplitting: { groups } } },
    sourcemap: false,
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700, // three.js, which only a 3D model loads
  },
});
