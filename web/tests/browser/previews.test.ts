import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { closeBrowser, Server, Tab } from "./harness";
import { type Memory, shown, watchMemory } from "./memory";

// An hour of previews, 10 a second, as fast as they come: EASEL_PREVIEWS says how many others.
const count = Number(process.env.EASEL_PREVIEWS ?? 36_000);
const most = 9_000; // steps of a run: a sampler takes no more than 10,000
const runs = Math.ceil(count / most);
const steps = Math.ceil(count / runs);

let server: Server;
beforeAll(async () => {
  server = await Server.start({ stepTime: "1ms" });
});
afterAll(async () => {
  await closeBrowser();
  await server.stop();
});

test("an hour of previews leaves the page as large as it was", { timeout: 3_600_000 }, async () => {
  const graph = readFileSync(new URL("../../../workflows/flux/single.json", import.meta.url), "utf8");
  await server.api("POST", "/workflows/import?id=hour&name=hour&filename=hour.json", JSON.parse(graph));
  await server.api("PATCH", "/workflows/hour", { params: { steps: { max: steps } } });
  const tab = await Tab.open(server, "/settings");
  const { page } = tab;
  const memory = await watchMemory(tab);
  await tab.goto("/generate?workflow=hour");
  await page.getByRole("textbox", { name: "Prompt", exact: true }).fill("an hour");
  for (const [name, value] of Object.entries({ Width: 64, Height: 64, Steps: steps, "Number of runs": runs })) {
    await page.getByRole("textbox", { name, exact: true }).fill(String(value));
  }
  await page.keyboard.press("Control+Enter");
  const done = () =>
    page.evaluate((steps) => {
      const ended = document.querySelectorAll('[data-run][aria-label$=", succeeded"]').length;
      const now = /Step (\d+) of/.exec(document.querySelector("main")?.textContent ?? "")?.[1];
      return ended * steps + Number(now ?? 0);
    }, steps);
  const weighed: Memory[] = [];
  for (let part = 1; part <= 9; part++) {
    await expect.poll(done, { timeout: 900_000, interval: 500 }).toBeGreaterThan((count * part) / 10);
    weighed.push(await memory());
    console.log(`step ${await done()}, ${shown(weighed.at(-1) as Memory)}`);
  }
  const [first, last] = [weighed[0] as Memory, weighed.at(-1) as Memory];
  expect(last.frames - first.frames).toBeGreaterThan(count / 4); // a page that lags shows the newest
  expect(last.heap - first.heap).toBeLessThan(2e6);
  expect(last.nodes - first.nodes).toBeLessThan(100);
  expect(last.listeners - first.listeners).toBeLessThan(20);
  expect(last.urls).toBe(first.urls);
  expect(last.resident - first.resident).toBeLessThan(40e6);
  await tab.close();
});
