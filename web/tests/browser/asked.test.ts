import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { closeBrowser, Server, Tab } from "./harness";

// Who clicks Generate or presses Ctrl+Enter gets a run of what the form said then, or is told why not, whatever is on its way just now.

let server: Server;
beforeAll(async () => {
  server = await Server.start({ stepTime: "1ms" });
});
afterAll(async () => {
  await closeBrowser();
  await server.stop();
});

const prompt = (page: Page) => page.getByRole("textbox", { name: "Prompt", exact: true });
const steps = (page: Page) => page.getByRole("textbox", { name: "Steps" });
const told = (page: Page) => page.locator("[data-parameter=steps]").getByText("At most 10", { exact: true });
const made = (page: Page, what: string) => page.getByRole("img", { name: `Result: ${what}` }).waitFor();
const prompts = async (like: RegExp) => {
  const { jobs } = await server.api<{ jobs: { request: { prompt: string } }[] }>("GET", "/jobs?limit=100");
  return jobs.map((j) => j.request.prompt).filter((p) => like.test(p));
};

/** hold keeps back what is asked for at an address until it is released; asked is when the first of it came. */
async function hold(page: Page, url: RegExp) {
  let release = () => {};
  const released = new Promise<void>((done) => {
    release = done;
  });
  const asked = page.waitForRequest(url);
  await page.route(url, async (route) => {
    await released;
    await route.continue();
  });
  return { release, asked };
}

/** changed makes a workflow whose steps end at 10,000, and gives what makes them end at 10. */
async function changed(id: string) {
  const { graph } = await server.api<{ graph: object }>("GET", "/workflows/flux_single/graph");
  await server.api("POST", `/workflows/import?id=${id}&name=Changed`, graph);
  return () => server.api("PATCH", `/workflows/${id}`, { params: { steps: { max: 10, default: 8 } } });
}

test("a run that is asked for while another is on its way is made too, and one of a key that is held is made once", async () => {
  const tab = await Tab.open(server, "/generate?workflow=flux_single");
  const { page } = tab;
  await steps(page).fill("2");
  await prompt(page).fill("wave 1");
  const sent = await hold(page, /\/generate$/);
  await page.keyboard.down("Control");
  for (let i = 0; i < 3; i++) await page.keyboard.down("Enter"); // the second and the third are of a key that is held
  await page.keyboard.up("Enter");
  await page.keyboard.up("Control");
  await sent.asked;
  await prompt(page).fill("wave 2");
  await page.keyboard.press("Control+Enter");
  await prompt(page).fill("wave 3");
  await page.getByRole("button", { name: /^Queue another/ }).click();
  await prompt(page).fill("typed on");
  sent.release();
  await made(page, "wave 3");
  expect(await prompts(/^wave/)).toEqual(["wave 3", "wave 2", "wave 1"]);
  expect(await prompt(page).inputValue()).toBe("typed on");
  tab.quiet();
  await tab.close();
});

test("a run that is asked for while a refusal is on its way is made, and the refusal is not told of the new value", async () => {
  const change = await changed("late");
  const tab = await Tab.open(server, "/generate?workflow=late");
  const { page } = tab;
  await prompt(page).fill("soon refused");
  await steps(page).fill("40");
  await change();
  const sent = await hold(page, /\/generate$/);
  await page.keyboard.press("Control+Enter");
  await sent.asked;
  await prompt(page).fill("made after all");
  await steps(page).fill("4");
  await page.keyboard.press("Control+Enter");
  sent.release();
  await made(page, "made after all");
  expect(await told(page).count()).toBe(0);
  expect(await prompts(/soon refused/)).toEqual([]);
  tab.quiet(/400/);
  await tab.close();
});

test("what was refused stays told when the workflow arrives anew", async () => {
  const change = await changed("anew");
  const tab = await Tab.open(server, "/generate?workflow=anew");
  const { page } = tab;
  await prompt(page).fill("kept");
  await steps(page).fill("40");
  await change();
  const schema = await hold(page, /\/anew\/schema$/);
  await page.keyboard.press("Control+Enter");
  await told(page).waitFor();
  await schema.asked;
  schema.release();
  await page.waitForFunction(() => document.querySelector<HTMLInputElement>("[data-parameter=steps] [type=range]")?.max === "10");
  expect(await told(page).count()).toBe(1);
  await steps(page).fill("4");
  await told(page).waitFor({ state: "detached" });
  tab.quiet(/400/);
  await tab.close();
});

test("a run that is asked for before the form is there is made when it is", async () => {
  const tab = await Tab.open(server, "/generate?workflow=flux_single");
  const { page } = tab;
  await prompt(page).fill("early");
  await steps(page).fill("2");
  const schema = await hold(page, /\/flux_single\/schema$/);
  await page.reload();
  await schema.asked;
  await page.getByRole("button", { name: /^Generate Ctrl/ }).waitFor();
  await page.keyboard.press("Control+Enter");
  await page.locator("button[aria-busy]", { hasText: "Generate" }).waitFor();
  schema.release();
  await made(page, "early");
  await tab.goto("/generate?workflow=nothing_like_it");
  await page.getByText("This workflow is gone").waitFor();
  await page.keyboard.press("Control+Enter");
  await page.locator("[data-toasts]").getByText("This workflow is gone").waitFor();
  tab.quiet(/404/);
  await tab.close();
});

test("a run that is asked for while its picture is on the way waits for it, and is not made where that is refused", async () => {
  const tab = await Tab.open(server, "/generate?workflow=qwen_edit");
  const { page } = tab;
  await prompt(page).fill("with its picture");
  const give = (name: string, bytes: string) =>
    page.locator("[data-parameter=image] input[type=file]").setInputFiles({
      name,
      mimeType: "image/png",
      buffer: Buffer.from(bytes, "base64"),
    });
  const sent = await hold(page, /\/files$/);
  await give("broken.png", "bm90IGEgcGljdHVyZQ==");
  await sent.asked;
  await page.keyboard.press("Control+Enter");
  sent.release();
  await page
    .locator("[data-parameter=image]")
    .getByText(/broken\.png/)
    .waitFor();
  await page.locator("button:not(:disabled)", { hasText: "Generate" }).waitFor();
  const again = await hold(page, /\/files$/);
  await give("dot.png", "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==");
  await again.asked;
  await page.keyboard.press("Control+Enter");
  again.release();
  await made(page, "with its picture");
  tab.quiet(/400|415/);
  await tab.close();
});

test("a number that is typed beyond its range is sent as the field then shows it", async () => {
  const tab = await Tab.open(server, "/generate?workflow=flux_single");
  const { page } = tab;
  await prompt(page).fill("no more than a hundred");
  await steps(page).fill("400");
  const sent = page.waitForRequest(/\/generate$/);
  await page.keyboard.press("Control+Enter");
  expect((await sent).postDataJSON().params).toEqual({ steps: 100 });
  expect(await steps(page).inputValue()).toBe("100");
  tab.quiet();
  await tab.close();
});
