import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { closeBrowser, Server, Tab } from "./harness";

let server: Server;
beforeAll(async () => {
  server = await Server.start();
});
afterAll(async () => {
  await closeBrowser();
  await server.stop();
});

const button = (page: Page, name: string) => page.getByRole("button", { name: new RegExp(`^${name}\\b`) }).last();
const loaded = (page: Page) => page.waitForFunction(() => [...document.images].every((i) => i.naturalWidth > 0));
const within = async (part: Locator, whole: Locator) => {
  const [a, b] = await Promise.all([part.boundingBox(), whole.boundingBox()]);
  if (!a || !b) throw new Error("not there");
  expect(a.x + a.width, "its right edge").toBeLessThanOrEqual(b.x + b.width);
};

// Everything is found by what a person sees and reads, and done with the mouse but for what is typed.
test("a person who has never seen it makes a picture, repairs a hand, runs a sweep of 12, compares two and downloads them", async () => {
  const tab = await Tab.open(server, "/");
  const { page } = tab;
  await page.getByText("Write what you want to see and press Generate.").waitFor();
  await tab.shot("walk-01-open");

  await page.getByLabel("Prompt", { exact: true }).fill("a portrait of a woman who waves her hand");
  await page.getByRole("textbox", { name: "Width" }).fill("512");
  await page.getByRole("textbox", { name: "Height" }).fill("512");
  await button(page, "Generate").click();
  await page.getByRole("progressbar", { name: "Progress of the run" }).waitFor();
  await tab.shot("walk-02-running");
  await page.getByRole("img", { name: /^Result: a portrait of a woman/ }).waitFor();
  await tab.shot("walk-03-made");

  await button(page, "Repair a part").click();
  await page.getByText("Paint what is to be made anew.").waitFor();
  await tab.shot("walk-04-mask");
  const canvas = page.getByLabel(/The picture, to paint on/);
  const box = await canvas.boundingBox();
  if (!box) throw new Error("no picture to paint on");
  await page.mouse.move(box.x + box.width * 0.48, box.y + box.height * 0.55);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.55, box.y + box.height * 0.6, { steps: 10 });
  await page.mouse.up();
  await page.getByText(/% painted/).waitFor();
  await tab.shot("walk-05-painted");
  await button(page, "Use mask").click();
  await button(page, "Edit the mask").waitFor();
  await within(page.getByRole("button", { name: "Remove Mask" }), page.getByRole("region", { name: "What to make" }));
  await tab.shot("walk-06-masked");
  await page.getByLabel("Prompt", { exact: true }).fill("a hand with five fingers");
  await button(page, "Generate").click();
  await page.getByRole("img", { name: "Result: a hand with five fingers" }).waitFor();
  await tab.shot("walk-07-repaired");

  await button(page, "Sweep").click();
  await page.getByText("Try several values").waitFor();
  await tab.shot("walk-08-sweep");
  await page.getByRole("combobox", { name: "Parameter" }).selectOption({ label: "Steps" });
  await page.getByRole("textbox", { name: "Values" }).fill("2,3,4,5");
  await button(page, "Add a parameter").click();
  await page.getByRole("textbox", { name: "Values" }).last().fill("1..3");
  await page
    .getByRole("status")
    .getByText(/^12 runs/)
    .waitFor();
  await tab.shot("walk-09-twelve");
  await button(page, "Generate").last().click();
  await page.getByText("12 runs queued").waitFor();
  await tab.shot("walk-10-queued");
  await expect.poll(() => page.getByRole("button", { name: /^Run \d+, succeeded/ }).count(), { timeout: 60_000 }).toBe(14);
  await tab.shot("walk-11-sitting");

  await page.getByRole("link", { name: "Results" }).click();
  await page.getByRole("gridcell").nth(13).waitFor();
  await loaded(page);
  await tab.shot("walk-12-results");
  await page.getByText("Sweep", { exact: true }).click();
  await expect.poll(() => page.getByRole("cell").getByRole("button").count()).toBe(12);
  await loaded(page);
  await tab.shot("walk-12-grid");
  await page.getByRole("link", { name: "Results" }).first().click();
  await page.getByRole("gridcell").nth(13).waitFor();
  await button(page, "Select").click();
  await tab.shot("walk-13-selecting");
  await page.getByRole("gridcell").nth(0).click();
  await page.getByRole("gridcell").nth(3).click();
  await page.getByText("2 selected").waitFor();
  await tab.shot("walk-14-selected");
  await button(page, "Compare two").click();
  await page.getByRole("slider", { name: "Divider between the two results" }).waitFor();
  await loaded(page);
  await tab.shot("walk-15-compared");
  await page.getByRole("button", { name: /^Close/ }).click();
  const archive = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download as ZIP" }).click();
  expect((await archive).suggestedFilename()).toBe("easel.zip");
  expect(await (await archive).failure()).toBeNull();
  await tab.shot("walk-16-downloaded");
  tab.quiet();
  await tab.close();
});
