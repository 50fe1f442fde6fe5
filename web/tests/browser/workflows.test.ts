import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { closeBrowser, looked, Server, Tab } from "./harness";

const root = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const portrait = root("workflows/examples/portrait.png");

let server: Server;
beforeAll(async () => {
  server = await Server.start({ emulate: ["--strict-models"] });
});
afterAll(async () => {
  await closeBrowser();
  await server.stop();
});

/** graph is a workflow of FLUX with other words in it. */
const graph = (change: (text: string) => string = (s) => s) => change(readFileSync(root("workflows/flux/single.json"), "utf8"));

/** drop lets a file fall onto the page, as a browser tells it. */
async function drop(page: Page, name: string, content: string | Buffer, on = "main") {
  const data = await page.evaluateHandle(
    ([name, base64]) => {
      const bytes = Uint8Array.from(atob(base64 as string), (c) => c.charCodeAt(0));
      const transfer = new DataTransfer();
      transfer.items.add(new File([bytes], name as string, { type: (name as string).endsWith(".png") ? "image/png" : "" }));
      return transfer;
    },
    [name, Buffer.from(content).toString("base64")],
  );
  for (const event of ["dragenter", "dragover", "drop"]) await page.dispatchEvent(on, event, { dataTransfer: data });
}

const settledGraph = (page: Page) => page.getByRole("group", { name: /^Graph of/ }).waitFor();

test.each([
  ["/workflows", "workflows", (page: Page) => page.getByRole("heading", { name: "FLUX.1 dev" }).waitFor()],
  ["/workflows?id=flux_single", "workflow", settledGraph],
  ["/workflows?tab=characters", "characters", (page: Page) => page.getByRole("button", { name: /^Milan/ }).waitFor()],
  ["/workflows?tab=presets", "presets-empty", (page: Page) => page.getByText("No preset yet").waitFor()],
])("%s is accessible at both widths and in both themes", async (path, name, ready) => {
  await looked(server, path, name, ready);
});

test("a workflow is found by words, category, family and state, by keyboard as well, and taken to Generate", async () => {
  const tab = await Tab.open(server, "/workflows");
  const { page } = tab;
  const names = () => page.getByRole("list", { name: "List of workflows" }).getByRole("heading").allInnerTexts();
  await expect.poll(names).toContain("FLUX.1 dev");
  const all = (await names()).length;
  await page.getByRole("radio", { name: "Video" }).click();
  await expect.poll(async () => (await names()).length).toBeLessThan(all);
  await page.getByLabel("Family", { exact: true }).selectOption("wan");
  await expect.poll(async () => (await names()).length).toBe(1);
  await page.getByLabel("Show", { exact: true }).selectOption("own");
  await page.getByText("No workflow fits").waitFor();
  await page.getByRole("button", { name: "Clear the search" }).click();
  await expect.poll(async () => (await names()).length).toBe(all);

  await page.getByRole("searchbox").focus();
  await page.keyboard.type("flux.1 dev");
  await expect.poll(names).toEqual(["FLUX.1 dev"]);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/workflows?id=flux_single");
  const drawing = page.getByRole("group", { name: "Graph of FLUX.1 dev, 8 nodes" });
  await drawing.getByText("Checkpoint", { exact: true }).waitFor();
  await drawing.getByText("sampler_name").waitFor(); // of the parameter Sampler
  await page.getByText(/^Runs on/).waitFor();
  await page.getByRole("cell", { name: "Sampler: steps" }).waitFor();
  await page.getByRole("button", { name: "Show larger" }).click();
  await page.getByRole("dialog", { name: "FLUX.1 dev" }).waitFor();
  await tab.accessible();
  await tab.shot("workflow-graph-1440");
  await page.keyboard.press("Escape");
  await page.getByRole("link", { name: "Generate with it" }).click();
  await page.getByRole("button", { name: /Workflow.*FLUX\.1 dev/s }).waitFor();
  tab.quiet();
  await tab.close();
});

test("a workflow is imported by drop, chosen from, named, edited and removed", async () => {
  const tab = await Tab.open(server, "/workflows");
  const { page } = tab;
  await page.getByRole("heading", { name: "FLUX.1 dev" }).waitFor();
  await drop(
    page,
    "dunes.json",
    graph((s) => s.replaceAll("flux1-dev-fp8", "dunes-v9").replaceAll("FluxGuidance", "DuneGuidance")),
  );
  const dialog = page.getByRole("dialog", { name: "Import a workflow" });
  await dialog.getByText("Nodes that").waitFor();
  await dialog.getByText("DuneGuidance").first().waitFor();
  await dialog.getByText("missing", { exact: true }).waitFor();
  await dialog.getByText("KSampler.steps").waitFor();
  await dialog.getByLabel("Name", { exact: true }).fill("Dunes at night");
  await dialog.getByLabel("Id", { exact: true }).fill("not a word");
  await dialog.getByText("Letters, digits").waitFor();
  await dialog.getByLabel("Id", { exact: true }).fill("dunes");
  await dialog
    .getByRole("checkbox", { name: "Take Denoise" })
    .or(dialog.getByRole("checkbox", { name: "Take Change" }))
    .uncheck();
  await dialog.getByLabel("Add an input of the graph").fill("prefix");
  await dialog.getByLabel("Input", { exact: true }).fill("SaveImage.nothing");
  await dialog.getByRole("button", { name: "Add", exact: true }).click();
  await dialog.getByRole("alert").waitFor();
  await dialog.getByRole("button", { name: "Undo" }).click();
  await dialog.getByLabel("Add an input of the graph").fill("prefix");
  await dialog.getByLabel("Input", { exact: true }).fill("SaveImage.filename_prefix");
  await page.keyboard.press("Enter");
  await dialog.getByRole("checkbox", { name: /Take prefix/i }).waitFor();
  await tab.accessible();
  await tab.shot("import-1440");
  await dialog.getByRole("button", { name: "Import", exact: true }).click();
  await page.waitForURL("**/workflows?id=dunes");
  const detail = page.getByRole("article", { name: "Dunes at night" });
  await detail.getByText(/lacks/).waitFor();
  await settledGraph(page);
  await tab.shot("workflow-lacking-1440");
  const entry = await server.api<{ configurable_params: Record<string, unknown> }>("GET", "/workflows/dunes");
  expect(Object.keys(entry.configurable_params)).toContain("prefix");
  expect(Object.keys(entry.configurable_params)).not.toContain("denoise");

  // Edit: what is wrong is told at the field; what somebody else changed meanwhile is not lost.
  await detail.getByRole("button", { name: "Edit" }).click();
  const edit = page.getByRole("dialog", { name: "Edit Dunes at night" });
  await edit.getByRole("button", { name: /^Steps/ }).click();
  await edit.getByLabel("Most").fill("10");
  await edit.getByText("The default is outside of the range").waitFor();
  await edit.getByLabel("Default").fill("8");
  await edit.getByLabel("Label").fill("Passes");
  await tab.accessible();
  await tab.shot("workflow-edit-1440");
  await server.api("PATCH", "/workflows/dunes", { description: "by somebody else" });
  await edit.getByRole("button", { name: "Save" }).click();
  await edit.getByText("Somebody changed this workflow").waitFor();
  await edit.getByRole("button", { name: "Read it again" }).click();
  await edit.getByText("by somebody else").waitFor();
  await edit.getByRole("button", { name: "Save" }).click();
  await edit.waitFor({ state: "detached" });
  await detail.getByRole("cell", { name: /Passes/ }).waitFor();
  expect(
    (await server.api<{ configurable_params: Record<string, unknown> }>("GET", "/workflows/dunes")).configurable_params.steps,
  ).toMatchObject({
    label: "Passes",
    max: 10,
    default: 8,
  });
  // Half an edit is not thrown away by Escape.
  await detail.getByRole("button", { name: "Edit" }).click();
  await edit.getByLabel("Name", { exact: true }).fill("Other");
  await page.keyboard.press("Escape");
  await edit.getByText("What you changed is not saved").waitFor();
  await edit.getByRole("button", { name: "Discard" }).click();

  // The same id again is asked about.
  await drop(page, "dunes.json", graph());
  await dialog.getByText("You have a workflow of this id already").waitFor();
  expect(await dialog.getByRole("button", { name: "Import", exact: true }).isDisabled()).toBe(true);
  await dialog.getByRole("checkbox", { name: "Replace it" }).check();
  await dialog.getByRole("button", { name: "Import", exact: true }).click();
  await page.getByText(/^Runs on/).waitFor();

  await page.getByRole("article").getByRole("button", { name: "Remove" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await page.waitForURL(/workflows$/);
  await expect.poll(() => page.getByRole("list", { name: "List of workflows" }).getByText("Dunes").count()).toBe(0);
  tab.quiet(/40[09]|412/);
  await tab.close();
});

test("a model that the backend lacks is told of in the form, and after a run in words without commands", async () => {
  const tab = await Tab.open(server, "/generate?workflow=sd_single");
  const { page } = tab;
  const checkpoint = page.locator("[data-parameter=checkpoint]");
  await checkpoint.waitFor();
  expect(await checkpoint.getByText("does not have this file").count()).toBe(0);
  await checkpoint.getByRole("button", { name: /v1-5/ }).click();
  await page.getByPlaceholder("Search, or type a file's name").fill("mine.safetensors");
  await page.keyboard.press("Enter");
  await checkpoint.getByText("The backend does not have this file").waitFor();
  await page.getByRole("textbox", { name: "Prompt", exact: true }).fill("a lighthouse");
  await tab.accessible();
  await page.keyboard.press("Control+Enter");
  const stage = page.getByRole("region", { name: "Picture" });
  await stage.getByText("the server does not have").waitFor();
  await stage.getByText("Choose another value for “checkpoint”").waitFor();
  expect(await stage.textContent()).not.toContain("easel ");
  await tab.shot("model-lacking-1440");
  await tab.close();
});

test("the drawn graph is zoomed by wheel, keys and fingers, and dragged", async () => {
  const tab = await Tab.open(server, "/workflows?id=flux_single", { touch: true });
  const { page } = tab;
  const box = page.getByRole("group", { name: /^Graph of/ });
  await box.waitFor();
  await page.getByRole("button", { name: "Show larger" }).click();
  const large = page.getByRole("dialog").getByRole("group", { name: /^Graph of/ });
  await large.waitFor();
  const node = large.getByText("Checkpoint", { exact: true });
  const place = async (of = node) => {
    await tab.settled();
    return (await of.boundingBox()) as { x: number; y: number; width: number; height: number };
  };
  await large.press("0");
  const whole = await place();
  const [around, drawn] = [await place(large), await place(large.locator(":scope > div"))];
  expect(drawn.height).toBeLessThan(around.height);
  for (const [at, size] of [
    ["x", "width"],
    ["y", "height"],
  ] as const)
    expect(drawn[at] + drawn[size] / 2, `the middle along ${at}`).toBeCloseTo(around[at] + around[size] / 2, 0);
  await large.press("+");
  await large.press("+");
  const keyed = await place();
  expect(keyed.height / whole.height).toBeCloseTo(1.25 ** 2, 1);
  await large.press("-");
  expect((await place()).height / whole.height).toBeCloseTo(1.25, 1);

  // A wheel with Ctrl zooms at the pointer: what is under it stays there.
  await large.press("0");
  const before = await place();
  const at = { x: before.x + before.width / 2, y: before.y + before.height / 2 };
  await page.mouse.move(at.x, at.y);
  await page.keyboard.down("Control");
  await page.mouse.wheel(0, -150);
  await page.keyboard.up("Control");
  await expect.poll(async () => (await place()).height / before.height).toBeGreaterThan(1.3);
  const wheeled = await place();
  expect(wheeled.x).toBeLessThanOrEqual(at.x);
  expect(wheeled.x + wheeled.width).toBeGreaterThanOrEqual(at.x);

  // A mouse drags it.
  const room = await place(large);
  await large.press("+");
  await large.press("+");
  const still = await place();
  await page.mouse.move(room.x + room.width / 2, room.y + room.height / 2);
  await page.mouse.down();
  await page.mouse.move(room.x + room.width / 2 - 90, room.y + room.height / 2, { steps: 4 });
  await page.mouse.up();
  await page.mouse.move(room.x + room.width / 2 + 90, room.y + room.height / 2); // no more
  expect(still.x - (await place()).x).toBeCloseTo(90, 0);

  // Two fingers zoom.
  await large.press("0");
  const debug = await tab.context.newCDPSession(page);
  const middle = { x: room.x + room.width / 2, y: room.y + room.height / 2 };
  const fingers = (type: "touchStart" | "touchMove", by: number) =>
    debug.send("Input.dispatchTouchEvent", { type, touchPoints: [-by, by].map((dx, id) => ({ x: middle.x + dx, y: middle.y, id })) });
  const fitted = await place();
  await fingers("touchStart", 40);
  for (let by = 45; by <= 80; by += 5) await fingers("touchMove", by);
  await debug.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  await expect.poll(async () => (await place()).height / fitted.height).toBeGreaterThan(1.6);
  tab.quiet();
  await tab.close();
});

test("a first visit opens what runs: what lacks its model gives way", async () => {
  const lacking = graph((s) => s.replaceAll("flux1-dev-fp8", "dunes-v9"));
  await server.api("POST", "/workflows/import?id=flux_single&name=Dunes&filename=dunes.json&force=true", JSON.parse(lacking));
  const tab = await Tab.open(server, "/settings");
  const asked: string[] = [];
  tab.page.on(
    "request",
    (r) => /workflows\/(\w+)\/schema/.test(r.url()) && asked.push(/workflows\/(\w+)\/schema/.exec(r.url())?.[1] ?? ""),
  );
  // A reload before it is known what runs is no choice.
  await tab.page.route("**/backends/*/workflows", (route) => route.abort());
  await tab.goto("/generate");
  await tab.page.getByRole("button", { name: /^Workflow.*Dunes/ }).waitFor();
  await tab.page.unroute("**/backends/*/workflows");
  await tab.goto("/generate");
  await tab.page.getByRole("button", { name: /^Workflow (?!Dunes)/ }).waitFor({ timeout: 60_000 });
  expect(asked[0], "what it opened with").toBe("flux_single");
  // Who has chosen it keeps it.
  await tab.goto("/generate?workflow=flux_single");
  await tab.page.getByRole("button", { name: /^Workflow.*Dunes/ }).waitFor();
  await tab.page.reload();
  await tab.page.getByRole("button", { name: /^Workflow.*Dunes/ }).waitFor();
  await server.api("DELETE", "/workflows/flux_single");
  tab.quiet(/ERR_FAILED/);
  await tab.close();
});

test("pictures, videos and pasted text are understood, and what carries no workflow is refused in words", async () => {
  const tab = await Tab.open(server, "/workflows", { width: 375, touch: true });
  const { page } = tab;
  const dialog = page.getByRole("dialog", { name: "Import a workflow" });
  await page.getByRole("button", { name: "Import" }).press("Enter");
  await dialog.getByText("Any workflow file of ComfyUI").waitFor();
  await tab.accessible();
  await tab.shot("import-375");
  const choose = () => dialog.locator("input[type=file]");
  await choose().setInputFiles(portrait);
  await dialog.getByRole("alert").getByText("carries no graph").waitFor();
  await tab.shot("import-refused-375");
  await choose().setInputFiles(root("internal/media/testdata/comfy.png"));
  await dialog.getByText("the graph has no node that saves a result").waitFor();
  await tab.fits();
  await tab.accessible();
  await tab.shot("import-problem-375");
  await dialog.getByRole("button", { name: "Another file" }).click();
  await choose().setInputFiles(root("internal/media/testdata/video.mp4"));
  await dialog.getByText("video.mp4").waitFor();
  await dialog.getByRole("button", { name: "Import", exact: true }).waitFor();
  await page.keyboard.press("Escape");
  await page.evaluate((text) => navigator.clipboard.writeText(text), graph());
  await page.locator("main").click({ position: { x: 4, y: 4 } });
  await page.keyboard.press("Control+V");
  await dialog.getByText("pasted.json").waitFor();
  await dialog.getByText("KSampler.steps").waitFor();
  await tab.shot("import-pasted-375");
  tab.quiet(/400/);
  await tab.close();
});

test("a character is added with its picture, changed and removed, by keyboard as well", async () => {
  const tab = await Tab.open(server, "/workflows?tab=characters");
  const { page } = tab;
  await page.getByRole("button", { name: "Add a character" }).press("Enter");
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name", { exact: true }).and(page.locator(":focus")).waitFor();
  await page.keyboard.type("Ada Lovelace");
  expect(await dialog.getByLabel("Id", { exact: true }).inputValue()).toBe("ada_lovelace");
  await dialog.getByLabel("Prompt", { exact: true }).fill("ada, {prompt}");
  await dialog.getByLabel("LoRA", { exact: true }).press("Enter");
  await page.keyboard.type("ada_v1.safetensors");
  await page.getByText("Use “ada_v1.safetensors”").waitFor();
  await page.keyboard.press("Enter");
  await dialog.getByLabel("Strength").fill("0,8");
  await drop(page, "ada.png", readFileSync(portrait), "fieldset[aria-label=Picture]");
  await dialog.getByRole("img", { name: "ada.png" }).waitFor();
  await dialog.getByRole("button", { name: "Add a value" }).click();
  await dialog.getByLabel("Parameter 1").fill("stesp");
  await dialog.getByLabel("Value 1").fill("24");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.getByText("no workflow has a parameter").waitFor();
  await dialog.getByLabel("Parameter 1").fill("steps");
  await tab.accessible();
  await tab.shot("character-1440");
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: /^Ada Lovelace/ }).waitFor();
  const saved = await server.api<Record<string, unknown>>("GET", "/characters/ada_lovelace");
  expect(saved).toMatchObject({
    name: "Ada Lovelace",
    lora: "ada_v1.safetensors",
    lora_strength: 0.8,
    defaults: { steps: 24 },
    prompt: "ada, {prompt}",
  });
  expect(saved.reference_image).toMatch(/ada_lovelace/);
  await tab.shot("characters-own-1440");

  // What is not touched stays: its picture too.
  await page.getByRole("button", { name: /^Ada Lovelace/ }).click();
  await dialog.getByLabel("Trigger word").fill("adalove");
  await dialog.getByLabel("Trigger word").press("Enter");
  await dialog.waitFor({ state: "detached" });
  expect(await server.api("GET", "/characters/ada_lovelace")).toMatchObject({ ...saved, trigger: "adalove" });
  await page.getByRole("button", { name: /^Ada Lovelace/ }).click();
  await dialog.getByRole("button", { name: "Remove", exact: true }).click();
  await page.getByRole("dialog", { name: "Remove Ada Lovelace?" }).getByRole("button", { name: "Remove" }).click();
  await page.getByRole("button", { name: /^Ada Lovelace/ }).waitFor({ state: "detached" });

  // One that comes with easel becomes the user's own, picture and all.
  await page.getByRole("button", { name: /^Milan/ }).click();
  await dialog.getByText("This one comes with easel").waitFor();
  await dialog.getByLabel("Description").fill("Mine now");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.getByText("Mine now").waitFor();
  expect((await server.api<{ images: Record<string, string> }>("GET", "/characters")).images).toHaveProperty("milan");
  tab.quiet(/400/);
  await tab.close();
});

test("a preset is made, changed, renamed, used and removed", async () => {
  const tab = await Tab.open(server, "/workflows?tab=presets");
  const { page } = tab;
  await page.getByRole("button", { name: "Make one from an example" }).click();
  await page.getByRole("button", { name: "Edit First light" }).click();
  const dialog = page.getByRole("dialog", { name: "Edit First light" });
  await dialog.getByLabel("Name").fill("Last light");
  await dialog.getByLabel("Prompt", { exact: true }).fill("a lighthouse at dusk");
  await dialog.getByLabel("Workflow").selectOption("flux_single");
  await dialog.getByRole("button", { name: "Add a value" }).click();
  await dialog.getByLabel("Parameter 1").fill("steps");
  await dialog.getByLabel("Value 1").fill("100000");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.locator("p.text-bad").first().waitFor();
  await dialog.getByLabel("Value 1").fill("9");
  await tab.accessible();
  await tab.shot("preset-1440");
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "Last light" }).waitFor();
  await page.getByRole("heading", { name: "First light" }).waitFor({ state: "detached" });
  await tab.accessible();
  await tab.shot("presets-1440");
  await page.getByRole("link", { name: "Use it" }).click();
  await page.waitForURL("**/generate");
  await expect.poll(() => page.getByRole("textbox", { name: "Prompt", exact: true }).inputValue()).toBe("a lighthouse at dusk");
  await page
    .getByRole("button", { name: /Reset Steps/ })
    .or(page.locator("[data-parameter=steps]"))
    .first()
    .waitFor();
  await expect.poll(() => page.locator("[data-parameter=steps] input[type=text]").inputValue()).toBe("9");
  await tab.goto("/workflows?tab=presets");
  await page.getByRole("button", { name: "Remove Last light" }).press("Enter");
  await page.getByText("No preset yet").waitFor();
  await page.getByRole("button", { name: "Undo" }).press("Enter");
  await page.getByRole("heading", { name: "Last light" }).waitFor();
  await page.getByRole("button", { name: "Remove Last light" }).press("Enter");
  await page.getByText("No preset yet").waitFor();
  await server.api("POST", "/generate?wait=60", { workflow_id: "flux_single", prompt: "kept from a run", params: { steps: 2 } });
  await tab.goto("/workflows?tab=presets");
  await page.getByRole("button", { name: "Keep the last run" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("Of a run");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Of a run" }).waitFor();
  await page.getByText("kept from a run").waitFor();
  tab.quiet(/400/);
  await tab.close();
});

test("names and titles that are markup are shown as they are and run nothing", async () => {
  const evil = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;
  const json = JSON.parse(graph());
  for (const node of Object.values(json) as { _meta: { title: string } }[]) node._meta.title = evil;
  const tab = await Tab.open(server, "/workflows");
  const { page } = tab;
  await page.getByRole("heading", { name: "FLUX.1 dev" }).waitFor();
  await drop(page, "evil.json", JSON.stringify(json));
  const dialog = page.getByRole("dialog", { name: "Import a workflow" });
  await dialog.getByLabel("Name", { exact: true }).fill(evil);
  await dialog.getByRole("button", { name: "Import", exact: true }).click();
  await page.waitForURL("**/workflows?id=evil");
  await settledGraph(page);
  await tab.fits();
  await tab.shot("workflow-markup-1440");
  await server.api("PUT", "/characters/evil", { name: evil, description: evil, prompt: `${evil} {prompt}` });
  await server.api("PUT", `/presets/${encodeURIComponent("a <b>bold</b> one")}`, { workflow_id: "evil", prompt: evil });
  await tab.goto("/workflows?tab=characters");
  await page.getByText(evil).first().waitFor();
  await tab.goto("/workflows?tab=presets");
  await page.getByText(evil).first().waitFor();
  expect(await page.title()).not.toContain("owned");
  expect(await page.locator("main img[src='x'], main b").count()).toBe(0);
  await tab.goto("/workflows?id=evil");
  await page.getByRole("article").getByRole("button", { name: "Remove" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await page.waitForURL(/workflows$/);
  tab.quiet();
  await tab.close();
});
