import { defineConfig } from "vitest/config";

// The real binary, the emulator behind it, Debian's chromium: tests/browser/*.test.ts. One file after the other; each
// has a server of its own.
export default defineConfig({
  test: {
    include: ["tests/browser/**/*.test.ts"],
    globalSetup: "tests/browser/build.ts",
    fileParallelism: false,
    testTimeout: 90_000,
    hookTimeout: 90_000,
  },
});
