import { afterAll, beforeAll, expect, test } from "vitest";
import { closeBrowser, looked, Server, Tab } from "./harness";

let server: Server;
beforeAll(async () => {
  server = await Server.start({ stepTime: "400ms", serve: ["--workers", "1"] });
});
afterAll(async () => {
  await closeBrowser();
  await server.stop();
});

const queue = (prompt: string, more: object = {}) =>
  server.api<{ id: string }>("POST", "/generate", { workflow_id: "flux_single", prompt, params: { width: 256, height: 256 }, ...more });

test("an empty queue teaches what to do", async () => {
  await looked(server, "/queue", "queue-empty", (page) => page.getByText("Nothing runs and nothing waits").waitFor());
});

test("running, waiting, batches and failures are shown, moved, cancelled and tried again", async () => {
  await queue("the first one", { params: { width: 256, height: 256, steps: 100 } });
  await queue("a red boat");
  await queue("a blue boat");
  await queue("twelve foxes", { count: 12 });
  await queue("a green boat");
  const tab = await Tab.open(server, "/queue");
  const { page } = tab;
  const waiting = page.getByRole("region", { name: "Waiting" });
  const order = async () => (await waiting.locator("li[data-group] p:first-child").allInnerTexts()).filter((s) => /boat|foxes/.test(s));
  await page.getByText("the first one").waitFor();
  await waiting.getByText("12 runs").waitFor();
  expect(await order()).toEqual(["a red boat", "a blue boat", "twelve foxes", "a green boat"]);

  await waiting.getByRole("button", { name: "Move" }).nth(3).focus();
  await page.keyboard.press("ArrowUp");
  await expect.poll(order).toEqual(["a red boat", "a blue boat", "a green boat", "twelve foxes"]);

  const handle = await waiting.getByRole("button", { name: "Move" }).nth(1).boundingBox();
  const target = await waiting.locator("li[data-group]").first().boundingBox();
  if (!handle || !target) throw new Error("no rows");
  await page.mouse.move(handle.x + 8, handle.y + 8);
  await page.mouse.down();
  await page.mouse.move(handle.x + 8, target.y + 4, { steps: 6 });
  await page.mouse.up();
  await expect.poll(order).toEqual(["a blue boat", "a red boat", "a green boat", "twelve foxes"]);

  await waiting.getByRole("button", { name: "Actions" }).nth(2).click();
  await page.getByRole("menuitem", { name: "Move to the front" }).click();
  await expect.poll(order).toEqual(["a green boat", "a blue boat", "a red boat", "twelve foxes"]);

  await tab.accessible();
  await tab.shot("queue-1440");
  await page.setViewportSize({ width: 375, height: 812 });
  await tab.fits();
  await tab.shot("queue-375");
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByText("Paused: what runs goes on").waitFor();
  const other = await tab.another("/queue");
  await other.page.getByText("Paused: what runs goes on").waitFor();
  await other.page.getByRole("button", { name: "Resume" }).click();
  await page.getByRole("button", { name: "Pause" }).waitFor();

  await waiting.getByRole("button", { name: "Cancel all 12" }).click();
  const ended = page.getByRole("region", { name: "Failed and cancelled" });
  await ended.getByText("twelve foxes").first().waitFor();
  await waiting.getByRole("button", { name: "Cancel", exact: true }).last().click();
  await ended.getByText("a red boat").waitFor();
  await ended.getByRole("button", { name: "Try again" }).first().click();
  await waiting.getByText("a red boat").waitFor();
  await page.getByRole("button", { name: "Actions" }).first().click();
  await page.getByRole("menuitem", { name: "Cancel all that wait" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel all that wait" }).click();
  await waiting.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Clear the list" }).click();
  await ended.waitFor({ state: "detached" });
  tab.quiet();
  await tab.close();
});

test("a run that starts is counted as waiting no more, however old what the server counted is", async () => {
  await server.api("POST", "/queue/pause");
  for (const prompt of ["a first kite", "a second kite", "a third kite"])
    await queue(prompt, { params: { width: 256, height: 256, steps: 20 } });
  const tab = await Tab.open(server, "/queue");
  const { page } = tab;
  const waiting = page.getByRole("region", { name: "Waiting" });
  const counted = page.waitForResponse(/\/api\/v1\/queue$/);
  await page.reload();
  await counted;
  await waiting.getByText("a third kite").waitFor();
  await page.route(/\/api\/v1\/queue$/, () => {}); // no newer answer comes
  await server.api("POST", "/queue/resume");
  await page.getByRole("region", { name: "Running" }).getByText("a first kite").waitFor();
  await waiting.getByRole("heading").locator("xpath=following-sibling::span[text()='2']").waitFor();
  expect(await page.getByText(/^and \d+ more$/).count()).toBe(0);
  await server.api("POST", "/queue/cancel");
  tab.quiet();
  await tab.close();
});
