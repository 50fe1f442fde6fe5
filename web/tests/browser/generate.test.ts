import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, test } from "vitest";
import { closeBrowser, looked, Server, Tab } from "./harness";

const portrait = fileURLToPath(new URL("../../../workflows/examples/portrait.png", import.meta.url));

let server: Server;
beforeAll(async () => {
  server = await Server.start({ stepTime: "40ms" });
});
afterAll(async () => {
  await closeBrowser();
  await server.stop();
});

test("the empty page is accessible at both widths and in both themes", async () => {
  await looked(server, "/generate", "generate-empty", (page) => page.getByRole("textbox", { name: "Prompt" }).waitFor());
});

test("a person makes a picture: example, Ctrl+Enter, progress, result", async () => {
  const tab = await Tab.open(server, "/generate");
  const { page } = tab;
  await page.getByRole("button", { name: "Try the example" }).first().click();
  await page.getByRole("textbox", { name: "Prompt", exact: true }).press("Control+Enter");
  await page.getByRole("progressbar", { name: "Progress of the run" }).waitFor();
  await page.getByText(/Step \d+ of 20/).waitFor();
  await tab.shot("generate-running-1440");
  await page.getByRole("img", { name: /^Result: a lighthouse/ }).waitFor();
  await tab.accessible();
  await tab.shot("generate-done-1440");
  tab.quiet();
  await tab.close();
});

test("repairs a part with the mask brush", async () => {
  const tab = await Tab.open(server, "/generate?workflow=qwen_inpaint");
  const { page } = tab;
  await page.getByRole("textbox", { name: "Prompt", exact: true }).fill("a straw hat");
  await page.locator("[data-parameter=image] input[type=file]").setInputFiles(portrait);
  await page.getByText("portrait.png").waitFor();
  await page.getByRole("button", { name: "Paint the mask" }).click();
  const canvas = page.getByLabel(/The picture, to paint on/);
  await page.getByText("Paint what is to be made anew.").waitFor();
  const box = await canvas.boundingBox();
  if (!box) throw new Error("no canvas");
  await page.mouse.move(box.x + box.width * 0.45, box.y + box.height * 0.3);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.56, box.y + box.height * 0.42, { steps: 12 });
  await page.mouse.up();
  await page.getByText(/% painted/).waitFor();
  await tab.accessible();
  await tab.shot("mask-1440");
  await canvas.press("Enter");
  await page.getByText("mask.png").waitFor();
  await tab.shot("generate-inpaint-1440");
  await page.keyboard.press("Control+Enter");
  await page.getByRole("img", { name: /^Result: a straw hat/ }).waitFor();
  tab.quiet();
  await tab.close();
});
