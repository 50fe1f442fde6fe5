import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { closeBrowser, Server, Tab } from "./harness";

// 10,000 results, written straight into the database: making them takes hours.
const count = 10_000;
const python = spawnSync("python3", ["-c", "import sqlite3"]).status === 0;
const fill = `
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=30)
columns = [r[1] for r in db.execute("PRAGMA table_info(outputs)") if r[1] != "seq"]
row = dict(zip(columns, db.execute("SELECT " + ",".join(columns) + " FROM outputs LIMIT 1").fetchone()))
sizes = [(1024, 1024), (1344, 768), (768, 1344), (1216, 832)]
def rows():
    for i in range(${count - 1}):
        w, h = sizes[i * 7 % 11 % 4]
        yield tuple({**row, "id": "many%022d" % i, "n": i + 2, "width": w, "height": h, "created_at": row["created_at"] + i}[c] for c in columns)
db.executemany("INSERT INTO outputs (%s) VALUES (%s)" % (",".join(columns), ",".join("?" * len(columns))), rows())
db.commit()
`;

let server: Server;
beforeAll(async () => {
  server = await Server.start({ stepTime: "1ms" });
  await server.api("POST", "/generate?wait=60", { workflow_id: "flux_single", prompt: "a fox", params: { steps: 2 } });
  if (python) execFileSync("python3", ["-c", fill, join(server.dir, "data/easel/serve/easel.db")]);
}, 120_000);
afterAll(async () => {
  await closeBrowser();
  await server.stop();
});

test.skipIf(!python)("a gallery of 10,000 is scrolled to its end with few tiles in the document", { timeout: 180_000 }, async () => {
  const tab = await Tab.open(server, "/results");
  await tab.page.getByRole("gridcell").first().waitFor();
  const seen = await tab.page.evaluate(async () => {
    const main = document.querySelector("main") as HTMLElement;
    const frames: number[] = [];
    let most = 0;
    let stuck = 0;
    let last = performance.now();
    // As fast as a wheel goes: 120 px a frame, four times as fast once enough frames are measured.
    while (stuck < 600) {
      const before = main.scrollTop;
      main.scrollTop += frames.length < 300 ? 120 : 1500;
      await new Promise(requestAnimationFrame);
      const now = performance.now();
      if (frames.length < 300) frames.push(now - last);
      last = now;
      most = Math.max(most, document.querySelectorAll('[role="gridcell"]').length);
      stuck = main.scrollTop === before ? stuck + 1 : 0;
      if (document.body.textContent.includes("that is all")) break;
    }
    frames.sort((a, b) => a - b);
    return {
      most,
      median: frames[150] ?? 0,
      worst: frames[295] ?? 0,
      end: document.body.textContent.includes("10,000 results, that is all"),
    };
  });
  console.log(
    `gallery of ${count}: median frame ${seen.median.toFixed(1)} ms, 98 % under ${seen.worst.toFixed(1)} ms, at most ${seen.most} tiles`,
  );
  expect(seen.end).toBe(true);
  expect(seen.most).toBeLessThan(250);
  await tab.page.keyboard.press("Escape");
  tab.quiet();
  await tab.close();
});
