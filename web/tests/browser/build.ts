import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The binary under test is built once; EASEL_BINARY names one that is there. */
export default function setup() {
  if (process.env.EASEL_BINARY) return;
  const dir = mkdtempSync(join(tmpdir(), "easel-web-"));
  process.env.EASEL_BINARY = join(dir, "easel");
  execFileSync("go", ["build", "-o", process.env.EASEL_BINARY, "."], {
    cwd: new URL("../../..", import.meta.url).pathname,
    stdio: "inherit",
    env: { ...process.env, CGO_ENABLED: "0" },
  });
  return () => rmSync(dir, { recursive: true, force: true });
}
