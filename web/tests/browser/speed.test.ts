import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { closeBrowser, Server, Tab } from "./harness";
import { shown, watchMemory } from "./memory";
import { countRenders } from "./renders";

// Figures are printed as a report. What is asserted is far above them: other programs share the machine.

let server: Server;
beforeAll(async () => {
  server = await Server.start({ stepTime: "100ms" });
});
afterAll(async () => {
  await closeBrowser();
  await server.stop();
});

test("Generate can be typed in soon after it is opened on a connection of 10 Mbit/s with 40 ms there and back", async () => {
  const tab = await Tab.open(server, "/settings");
  const debug = await tab.context.newCDPSession(tab.page);
  await debug.send("Network.enable");
  await debug.send("Network.clearBrowserCache");
  await tab.page.evaluate(async () => {
    for (const r of await navigator.serviceWorker.getRegistrations()) await r.unregister();
    for (const k of await caches.keys()) await caches.delete(k);
  });
  await debug.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: 40,
    downloadThroughput: 1_250_000,
    uploadThroughput: 1_250_000,
  });
  const begun = Date.now();
  await tab.page.goto(`${server.url}/generate`, { waitUntil: "commit" });
  // The page looks at itself in every frame: a locator that finds nothing looks again after up to 500 ms.
  await tab.page.waitForFunction(
    () => {
      const prompt = [...document.querySelectorAll("textarea")].find((field) => field.labels[0]?.textContent === "Prompt");
      prompt?.focus();
      return prompt;
    },
    undefined,
    { polling: "raf" },
  );
  await tab.page.keyboard.press("a");
  // What React does not take, it takes back.
  await tab.page.waitForFunction(() => (document.activeElement as HTMLTextAreaElement).value === "a", undefined, { polling: "raf" });
  const ms = Date.now() - begun;
  // Two seconds after the page stands its worker begins to keep the other pages: by then all of the first load is there.
  const loaded = await tab.page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    return [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
      .filter((file) => !file.name.includes("/api/"))
      .map((file) => ({ name: new URL(file.name).pathname.slice(1), bytes: (file as PerformanceResourceTiming).transferSize }));
  });
  const bytes = loaded.reduce((sum, file) => sum + file.bytes, 0);
  console.log(`interactive: ${ms} ms, ${bytes} bytes of pages with their headers`);
  expect(ms).toBeLessThan(5000);
  expect(bytes).toBeLessThan(220_000);
  const counted = execFileSync("node", ["tools/first-load.mjs"], { encoding: "utf8" });
  for (const { name } of loaded)
    expect(counted, "files that tools/first-load.mjs counts").toContain(name === "generate" ? "index.html" : name);
  await tab.close();
});

test("a key renders the field that it is typed in, while a run is on its way as well", async () => {
  const tab = await Tab.open(server, "/settings");
  const { page } = tab;
  const rendered = await countRenders(page);
  await tab.goto("/generate?workflow=sd_inpaint");
  const prompt = page.getByRole("textbox", { name: "Prompt", exact: true });
  await prompt.fill("x");
  expect((await rendered()).fields.length).toBeGreaterThan(8); // the form is as large as it is thought to be
  const keyRenders = async (name: string, keys: string[]) => {
    await page.getByRole("textbox", { name, exact: true }).selectText();
    for (const key of keys) {
      await rendered(); // the first key has the mark come that something was changed
      await page.keyboard.press(key);
    }
    const { components, fields } = await rendered();
    expect(fields, `a key in ${name}`).toEqual([name.toLowerCase()]);
    // The field has up to five, all of the form forty; what counts the runs may answer meanwhile.
    expect(components, `components of a key in ${name}`).toBeLessThan(15);
  };
  await keyRenders("Prompt", ["a", "b"]);
  await keyRenders("Seed", ["1", "2"]);
  await keyRenders("Steps", ["ArrowUp", "ArrowUp"]);
  await keyRenders("Steps", ["2", "4"]);

  // What the server says of a run draws no field.
  await server.api("POST", "/generate", {
    workflow_id: "flux_single",
    prompt: "beside it",
    params: { steps: 100, width: 256, height: 256 },
  });
  await expect.poll(() => page.title()).toMatch(/^[1-9]\d? %/);
  await rendered();
  await expect.poll(async () => (await rendered()).components).toBeGreaterThan(0); // progress came
  expect(await rendered()).toMatchObject({ fields: [] });
  await tab.close();

  // What a key costs: a report.
  const worked = await Tab.open(server, "/generate?workflow=sd_inpaint");
  const debug = await worked.context.newCDPSession(worked.page);
  await debug.send("Performance.enable", { timeDomain: "threadTicks" });
  const metrics = async () => Object.fromEntries((await debug.send("Performance.getMetrics")).metrics.map((m) => [m.name, m.value * 1000]));
  const words = [..."a lighthouse at dusk, waves breaking on black rocks, the fir"];
  const steps = words.map((_, i) => (i % 2 ? "ArrowDown" : "ArrowUp"));
  for (const rate of [1, 4]) {
    await debug.send("Emulation.setCPUThrottlingRate", { rate });
    for (const [field, keys] of [["Prompt", words] as const, ["Steps", steps] as const]) {
      await worked.page.getByRole("textbox", { name: field, exact: true }).focus();
      const before = await metrics();
      for (const key of keys) await worked.page.keyboard.press(key);
      const after = await metrics();
      const each = (name: string) => (((after[name] ?? 0) - (before[name] ?? 0)) / keys.length).toFixed(1);
      console.log(
        `${field}, 1/${rate} of the speed, a key: script ${each("ScriptDuration")} ms, style ${each("RecalcStyleDuration")} ms, ` +
          `layout ${each("LayoutDuration")} ms, all of the page's thread ${each("TaskDuration")} ms`,
      );
    }
  }
  await worked.close();
});

test("previews replace each other: a page holds no more after many of them", async () => {
  const tab = await Tab.open(server, "/settings");
  const { page } = tab;
  const memory = await watchMemory(tab);
  await tab.goto("/generate?workflow=flux_single");
  await page.getByRole("textbox", { name: "Prompt", exact: true }).fill("a long run");
  await page.getByRole("textbox", { name: "Steps" }).fill("100");
  await page.keyboard.press("Control+Enter");
  await page.getByText(/Step (1\d|2\d) of 100/).waitFor();
  const before = await memory();
  await page.getByText(/Step (8|9)\d of 100/).waitFor({ timeout: 60_000 });
  const after = await memory();
  console.log(`previews: ${shown(before)}; ${shown(after)}`);
  expect(after.frames - before.frames).toBeGreaterThan(10);
  expect(after.heap - before.heap).toBeLessThan(8e6);
  expect(after.nodes - before.nodes).toBeLessThan(100);
  expect(after.urls).toBe(before.urls);
  await tab.close();
});
