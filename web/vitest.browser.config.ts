import { defineConfig } from "vitest/config";

// The real binary, the emulator behind it, Debian's chromium: tests/browser/*.test.ts. Two files at once; each has a
// server, an emulator and a browser of its own.
export default defineConfig({
  test: {
    include: ["tests/browser/**/*.test.ts"],
    globalSetup: "tests/browser/build.ts",
    maxWorkers: 2,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 45_000 } }, // as long as a locator is waited for: how fast it is, speed.test.ts says
  },
});
