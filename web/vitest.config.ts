import { defineConfig } from "vitest/config";

// Logic and components without a browser: src/**/*.test.ts(x).
export default defineConfig({
  resolve: { alias: { "@": new URL("./src", import.meta.url).pathname } },
  test: { include: ["src/**/*.test.{ts,tsx}"], environment: "happy-dom", maxWorkers: 2 },
});
