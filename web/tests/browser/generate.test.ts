import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { closeBrowser, looked, Server, Tab } from "./harness";

const portrait = fileURLToPath(new URL("../../../workflows/examples/portrait.png", import.meta.url));

let server: Server;
beforeAll(async () => {
  server = await Server.start({ stepTime: "40ms", usdPerHour: 36 });
});
afterAll(async () => {
  await closeBrowser();
  await server.stop();
});

const prompt = (page: Page) => page.getByRole("textbox", { name: "Prompt", exact: true });
const small = async (page: Page) => {
  await page.getByRole("textbox", { name: "Width" }).fill("256");
  await page.getByRole("textbox", { name: "Height" }).fill("256");
  await page.getByRole("textbox", { name: "Steps" }).fill("4");
};
const lastRequest = async () => {
  const { jobs } = await server.api<{ jobs: { request: Record<string, unknown> }[] }>("GET", "/jobs?limit=1");
  return jobs[0]?.request;
};

test("the empty page is accessible at both widths and in both themes", async () => {
  await looked(server, "/generate", "generate-empty", (page) => prompt(page).waitFor());
});

test("a person makes a picture: example, Ctrl+Enter, progress, result; then again with a new seed", async () => {
  const tab = await Tab.open(server, "/generate");
  const { page } = tab;
  await page.getByRole("button", { name: "Try the example" }).first().click();
  await prompt(page).press("Control+Enter");
  await page.getByRole("progressbar", { name: "Progress of the run" }).waitFor();
  await page.getByText(/Step \d+ of 20/).waitFor();
  await expect.poll(() => page.title()).toMatch(/^\d+ %/);
  await tab.shot("generate-running-1440");
  await page.getByRole("img", { name: /^Result: a lighthouse/ }).waitFor();
  await tab.accessible();
  await tab.shot("generate-done-1440");
  expect(await lastRequest()).toEqual({ workflow_id: "flux_single", prompt: expect.stringContaining("lighthouse") });
  await prompt(page).press("Control+Enter");
  await page.getByRole("button", { name: "Run 2, succeeded" }).waitFor();
  const { jobs } = await server.api<{ jobs: { seed: string }[] }>("GET", "/jobs?limit=2");
  expect(jobs[0]?.seed).not.toBe(jobs[1]?.seed);
  tab.quiet();
  await tab.close();
});

test("only what was changed is sent, a dot marks it, a click takes it back, and all of it outlives a reload", async () => {
  const tab = await Tab.open(server, "/generate?workflow=flux_single");
  const { page } = tab;
  await prompt(page).fill("a fox");
  await small(page);
  await page.getByRole("textbox", { name: "Seed", exact: true }).fill("18446744073709551615");
  await page.getByRole("button", { name: "16:9" }).click();
  await page.getByRole("button", { name: "Swap width and height" }).click();
  await page.getByRole("combobox", { name: "Character" }).selectOption("milan");
  await page.getByText("Prompt becomes “milan, …”").waitFor();
  await page.reload();
  expect(await prompt(page).inputValue()).toBe("a fox");
  expect(await page.getByRole("textbox", { name: "Seed", exact: true }).inputValue()).toBe("18446744073709551615");
  await page.getByRole("textbox", { name: "Steps" }).fill("5");
  await page.getByText("Steps", { exact: true }).first().click(); // back to what holds: the character's 24
  expect(await page.getByRole("textbox", { name: "Steps" }).inputValue()).toBe("24");
  await page.getByRole("textbox", { name: "Steps" }).fill("3");
  await page.keyboard.press("Control+Enter");
  await page.getByRole("img", { name: /^Result: a fox/ }).waitFor();
  await expect.poll(lastRequest).toEqual({
    workflow_id: "flux_single",
    character_id: "milan",
    prompt: "a fox",
    params: { width: 256, height: expect.any(Number), steps: 3, seed: "18446744073709551615" },
  });
  tab.quiet();
  await tab.close();
});

test("the picker is searched and walked by keyboard", async () => {
  const tab = await Tab.open(server, "/generate");
  const { page } = tab;
  await page.keyboard.press("w");
  await page.getByRole("dialog", { name: "Choose a workflow" }).waitFor();
  await page
    .getByRole("button", { name: /^FLUX.1 dev/ })
    .last()
    .waitFor();
  await tab.accessible();
  await tab.shot("picker-1440");
  await page.keyboard.type("resize");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: /Workflow Resize/ }).waitFor();
  tab.quiet();
  await tab.close();
});

test("a sweep of twelve says how many it makes, runs, and is copied as a command", async () => {
  const tab = await Tab.open(server, "/generate?workflow=flux_single");
  const { page } = tab;
  await prompt(page).fill("a fox");
  await small(page);
  await page.getByRole("button", { name: "Sweep" }).click();
  await page.getByRole("combobox", { name: "Parameter" }).selectOption("steps");
  await page.getByRole("textbox", { name: "Values" }).fill("2..5,500");
  await page.getByRole("dialog").getByText("500: at most 100").waitFor();
  await page.getByRole("textbox", { name: "Values" }).fill("2..5");
  await page.getByRole("dialog").getByText("at most").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Add a parameter" }).click();
  await page.getByRole("combobox", { name: "Parameter" }).last().selectOption("guidance");
  await page.getByRole("textbox", { name: "Values" }).last().fill("2,x,4");
  await page.getByRole("dialog").getByText("x: must be a number, like 0.5").waitFor();
  await tab.accessible();
  await tab.shot("sweep-wrong-1440");
  await page.getByRole("textbox", { name: "Values" }).last().fill("2,3,4");
  await page
    .getByRole("dialog")
    .getByText(/^12 runs, about \d+ s, \$\d\.\d\d$/)
    .waitFor();
  await tab.accessible();
  await tab.shot("sweep-1440");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "More actions" }).last().click();
  await page.getByRole("menuitem", { name: "Copy as command" }).click();
  await page.getByText("The command is on the clipboard").waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
    "easel batch flux_single 'a fox' --width=256 --height=256 --steps=4 --sweep steps=2..5 --sweep guidance=2,3,4",
  );
  await page.keyboard.press("Control+Enter");
  await page.getByText("12 runs queued").waitFor();
  await page.getByRole("button", { name: "Run 12, succeeded" }).waitFor({ timeout: 60_000 });
  await tab.shot("generate-sitting-1440");
  await page.getByRole("link", { name: "Show the grid" }).click();
  await page.getByRole("columnheader", { name: "Guidance 4" }).waitFor();
  tab.quiet(/400/);
  await tab.close();
});

test("repairs a part of a result with the mask brush", async () => {
  const tab = await Tab.open(server, "/generate?workflow=qwen_inpaint");
  const { page } = tab;
  await page.getByRole("button", { name: "Paint the mask" }).waitFor();
  await page.keyboard.press("Control+Enter");
  await page.getByText("Image is needed").waitFor();
  await prompt(page).fill("a straw hat");
  await page.locator("[data-parameter=image] input[type=file]").setInputFiles(portrait);
  await page.getByText("portrait.png").waitFor();
  await page.getByRole("button", { name: "Paint the mask" }).click();
  const canvas = page.getByLabel(/The picture, to paint on/);
  await expect.poll(() => page.getByRole("button", { name: "Use mask" }).isEnabled()).toBe(true);
  const box = await canvas.boundingBox();
  if (!box) throw new Error("no canvas");
  const stroke = async (...points: [x: number, y: number][]) => {
    for (const [i, [x, y]] of points.entries()) {
      await page.mouse.move(box.x + box.width * x, box.y + box.height * y, { steps: i === 0 ? 1 : 8 });
      if (i === 0) await page.mouse.down();
    }
    await page.mouse.up();
  };
  const painted = async () => Number.parseFloat((await page.getByText(/% painted/).textContent()) ?? "");
  await stroke([0.45, 0.3], [0.56, 0.42]);
  const brush = await painted();
  await page.keyboard.press("r");
  await stroke([0.42, 0.6], [0.5, 0.7]);
  const rectangle = await painted();
  expect(rectangle).toBeGreaterThan(brush);
  await page.keyboard.press("l");
  await stroke([0.52, 0.6], [0.58, 0.6], [0.55, 0.7]);
  await page.keyboard.press("Control+z");
  await page.keyboard.press("Control+z");
  await expect.poll(painted).toBe(brush);
  await page.keyboard.press("Control+Shift+z");
  await expect.poll(painted).toBe(rectangle);
  await page.keyboard.press("e");
  await page.keyboard.press("]");
  await stroke([0.42, 0.6], [0.5, 0.7]);
  expect(await painted()).toBeLessThan(rectangle);
  await page.keyboard.press("b");
  await canvas.press("ArrowDown");
  await canvas.press("x"); // paints without a pointer
  await page.getByRole("button", { name: "Edge" }).click();
  await page.getByRole("button", { name: "Soften the edge" }).click();
  await page.keyboard.press("Escape");
  await tab.accessible();
  await tab.shot("mask-1440");
  await canvas.press("Enter");
  await page.getByText("mask.png").waitFor();
  await page.getByText("With a mask, the prompt describes only the painted part.").waitFor();
  await tab.shot("generate-inpaint-1440");
  await page.keyboard.press("Control+Enter");
  await page.getByRole("img", { name: /^Result: a straw hat/ }).waitFor();
  await page.getByRole("button", { name: "Repair a part" }).click();
  await page.getByRole("dialog", { name: "Paint the mask" }).waitFor();
  await page.getByText("Paint what is to be made anew.").waitFor();
  await page.getByRole("button", { name: "Cancel" }).click();
  tab.quiet();
  await tab.close();
});

test("pictures come by drop, paste and address; what is no picture is told", async () => {
  const tab = await Tab.open(server, "/generate?workflow=qwen_edit");
  const { page } = tab;
  await page.getByText("Second image").waitFor();
  const bytes = readFileSync(portrait).toString("base64");
  const give = (event: "drop" | "paste", name: string, type: string) =>
    page.evaluate(
      async ([event, bytes, name, type]) => {
        const data = new DataTransfer();
        data.items.add(new File([Uint8Array.from(atob(bytes as string), (c) => c.charCodeAt(0))], name as string, { type }));
        if (event === "paste") dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
        else document.querySelector("main")?.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
      },
      [event, bytes, name, type],
    );
  await give("drop", "dropped.png", "image/png");
  await page.getByText("dropped.png").waitFor();
  await give("paste", "pasted.png", "image/png");
  await page.getByText("pasted.png").waitFor();
  await give("drop", "song.mp3", "audio/mpeg");
  await page.getByText("This workflow takes no file like song.mp3").waitFor();
  await page.locator("[data-parameter=image3]").getByRole("button", { name: "From an address" }).click();
  await page.getByRole("textbox", { name: "From an address" }).fill("javascript:alert(1)");
  await page.getByRole("button", { name: "Use", exact: true }).click();
  await page.getByText("An address begins with https://").waitFor();
  await page.getByRole("textbox", { name: "From an address" }).fill("https://example.org/cat.png");
  await page.getByRole("button", { name: "Use", exact: true }).click();
  await page.getByText("The server fetches it when it runs").waitFor();
  await tab.accessible();
  await tab.shot("generate-files-1440");
  await page
    .locator("[data-parameter=image] input[type=file]")
    .setInputFiles({ name: "empty.png", mimeType: "image/png", buffer: Buffer.alloc(0) });
  await page.getByText(/empty or cut off/).waitFor();
  tab.quiet(/400/);
  await tab.close();
});

test("on a phone: the stage comes first, the mask is painted by finger, two fingers zoom", async () => {
  const tab = await Tab.open(server, "/generate?workflow=sd_inpaint", { width: 375, touch: true });
  const { page } = tab;
  await prompt(page).fill("a straw hat");
  await page.getByRole("textbox", { name: "Steps" }).fill("3");
  await page.locator("[data-parameter=image] input[type=file]").setInputFiles(portrait);
  await page.getByText("portrait.png").waitFor();
  await page.getByRole("button", { name: "Paint the mask" }).tap();
  await page.getByRole("button", { name: "Use mask" }).waitFor();
  await page.getByText("Paint what is to be made anew.").waitFor();
  const canvas = page.getByLabel(/The picture, to paint on/);
  await expect.poll(() => page.getByRole("button", { name: "Use mask" }).isEnabled()).toBe(true);
  const debug = await tab.context.newCDPSession(page);
  type At = [x: number, y: number];
  const touch = (type: "touchStart" | "touchMove" | "touchEnd", ...points: At[]) =>
    debug.send("Input.dispatchTouchEvent", { type, touchPoints: points.map(([x, y], id) => ({ x, y, id })) });
  /** drag moves fingers side by side, each from a place to another. */
  const drag = async (...fingers: { from: At; to: At }[]) => {
    for (let i = 0; i <= 10; i++) {
      const at = fingers.map(({ from, to }): At => [from[0] + ((to[0] - from[0]) * i) / 10, from[1] + ((to[1] - from[1]) * i) / 10]);
      // The first finger is down before the second one is, as by hand.
      if (i === 0) for (let n = 1; n <= at.length; n++) await touch("touchStart", ...at.slice(0, n));
      else await touch("touchMove", ...at);
    }
    await touch("touchEnd");
  };
  const painted = async () => Number.parseFloat((await page.getByText(/% painted/).textContent()) ?? "");
  const stroke = { from: [150, 250], to: [220, 290] } satisfies { from: At; to: At };
  await drag(stroke);
  await expect.poll(() => page.getByRole("button", { name: "Undo" }).isEnabled()).toBe(true);
  const one = await painted();
  await drag(stroke);
  expect(await painted(), "the same stroke again").toBe(one);
  // Two fingers paint nothing. They move the picture: the same stroke is somewhere else on it then.
  await drag({ from: [120, 300], to: [120, 420] }, { from: [200, 300], to: [200, 420] });
  expect(await painted(), "after two fingers moved").toBe(one);
  await drag(stroke);
  expect(await painted()).toBeGreaterThan(one);
  // And they make it larger: a stroke of the same length covers less of it.
  await page.getByRole("button", { name: "Undo" }).tap();
  await expect.poll(painted).toBe(one);
  await drag({ from: [170, 260], to: [110, 200] }, { from: [200, 280], to: [260, 340] });
  expect(await painted(), "after a pinch").toBe(one);
  await drag({ from: [150, 370], to: [220, 410] });
  expect(await painted()).toBeGreaterThan(one);
  expect((await painted()) - one).toBeLessThan(one / 2);
  await tab.fits();
  await tab.accessible();
  await tab.shot("mask-375");
  await canvas.press("Enter");
  await page.getByText("mask.png").waitFor();
  await page.getByRole("button", { name: "Generate", exact: true }).tap();
  await page.getByRole("img", { name: "Result: a straw hat" }).waitFor();
  await tab.fits();
  await tab.accessible();
  await tab.shot("generate-done-375");
  await page.getByRole("button", { name: /Workflow Stable Diffusion inpaint/ }).tap();
  await page.getByRole("dialog", { name: "Choose a workflow" }).waitFor();
  await tab.shot("picker-375");
  await page.keyboard.press("Escape");
  await tab.theme("dark");
  await tab.goto("/queue");
  await tab.shot("queue-375-dark");
  tab.quiet();
  await tab.close();
});
