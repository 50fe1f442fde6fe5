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

// `EASEL=http://127.0.0.1:7860 npm run dev` develops against a running `easel serve --allow-origin ...`.
export default defineConfig({
  plugins: [tanstackRouter({ target: "react", autoCodeSplitting: true }), react(), tailwind(), shell()],
  resolve: { alias: { "@": "/src" } },
  server: { proxy: { "/api": process.env.EASEL ?? "http://127.0.0.1:7860" } },
  build: {
    target: "es2023",
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    sourcemap: false,
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700, // three.js, which only a 3D model loads
  },
});
