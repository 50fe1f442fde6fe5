import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { closeBrowser, looked, Server, Tab } from "./harness";

const nasty = `<img src=x onerror="document.title='owned'">`;
const graph = JSON.parse(readFileSync(new URL("../../../workflows/flux/single.json", import.meta.url), "utf8"));
let server: Server;

/** edited is the graph as a person would bring it: with a title that is no markup, and a model that no server has. */
function edited() {
  const mine = structuredClone(graph) as Record<string, { class_type: string; inputs: Record<string, unknown>; _meta?: { title: string } }>;
  for (const node of Object.values(mine)) {
    if (node.class_type === "KSampler") node._meta = { title: nasty };
    if (node.class_type === "CheckpointLoaderSimple") node.inputs.ckpt_name = "nowhere.safetensors";
  }
  return Buffer.from(JSON.stringify(mine));
}

beforeAll(async () => {
  server = await Server.start({ stepTime: "1ms" });
  await server.api("POST", "/generate?wait=60", { workflow_id: "flux_single", prompt: nasty, params: { steps: 2 } });
});
afterAll(async () => {
  await closeBrowser();
  await server.stop();
});

test("the list, a workflow with its graph, characters and presets are accessible", { timeout: 120_000 }, async () => {
  await looked(server, "/workflows", "workflows", (page) => page.getByRole("heading", { name: "FLUX.1 dev" }).waitFor());
  await looked(server, "/workflows?id=flux_single", "workflow", async (page) => {
    await page.getByRole("img", { name: /Graph of 8 nodes/ }).waitFor();
    await page.getByRole("region", { name: "Models" }).getByText("there").first().waitFor();
  });
  const tab = await Tab.open(server, "/workflows?id=qwen_edit");
  await tab.page.getByRole("img", { name: /^Graph of/ }).scrollIntoViewIfNeeded();
  await tab.shot("workflow-graph-1440");
  await tab.close();
  await looked(server, "/workflows?tab=characters", "characters", (page) => page.getByRole("heading", { name: "Milan" }).waitFor());
});

test("a file is imported after saying what is understood, edited, and removed; its texts run nothing", async () => {
  const tab = await Tab.open(server, "/workflows");
  await tab.page
    .getByLabel("A workflow file of ComfyUI, or a picture that was made with one")
    .setInputFiles({ name: "my graph.json", mimeType: "application/json", buffer: edited() });
  const dialog = tab.page.getByRole("dialog");
  await dialog.getByText("missing", { exact: true }).waitFor();
  await dialog.getByText("nowhere.safetensors").first().waitFor();
  await tab.accessible();
  await tab.shot("workflow-import-1440");
  await dialog.getByLabel("Name").fill(nasty);
  await dialog.getByRole("button", { name: "Import" }).press("Enter");
  await tab.page.waitForURL("**/workflows?id=my_graph");
  await tab.page.getByRole("heading", { level: 1, name: nasty }).waitFor();
  await tab.page.getByRole("region", { name: "Models" }).getByText("missing").waitFor();
  await tab.page.getByText(nasty).nth(1).waitFor(); // the node's title in the drawing
  expect(await tab.page.title()).not.toContain("owned");

  await tab.page.getByRole("button", { name: "Edit" }).press("Enter");
  await tab.page.getByLabel("Most of steps").fill("many");
  await tab.page.getByRole("button", { name: "Save" }).press("Enter");
  await tab.page.getByRole("alert").getByText("This is no number").waitFor();
  await tab.page.getByLabel("Most of steps").fill("60");
  await tab.page.getByLabel("Default of steps").fill("12");
  await tab.page.getByLabel("Name", { exact: true }).fill("My graph");
  await tab.accessible();
  await tab.shot("workflow-edit-1440");
  await tab.page.getByRole("button", { name: "Save" }).press("Enter");
  await tab.page.getByRole("heading", { level: 1, name: "My graph" }).waitFor();
  await tab.page.getByRole("cell", { name: "1 to 60" }).waitFor();

  await tab.page.getByRole("button", { name: "Remove" }).press("Enter");
  await tab.page.getByRole("dialog").getByRole("button", { name: "Remove" }).press("Enter");
  await tab.page.getByText("My graph is removed").waitFor();
  await tab.page.waitForURL("**/workflows");
  tab.quiet();
  await tab.close();
});

test("what is no workflow is told in words, and a drop is taken", async () => {
  const tab = await Tab.open(server, "/workflows");
  const data = await tab.page.evaluateHandle(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(["not a graph"], "notes.txt", { type: "text/plain" }));
    return transfer;
  });
  const target = tab.page.locator("main");
  await target.dispatchEvent("dragover", { dataTransfer: data });
  await tab.page.getByText("Drop it to see what easel understands").waitFor();
  await target.dispatchEvent("drop", { dataTransfer: data });
  await tab.page.getByRole("dialog", { name: "Import notes.txt" }).waitFor();
  await tab.page.getByRole("button", { name: "Import", exact: true }).last().isDisabled();
  await expect.poll(() => tab.page.getByRole("dialog").textContent()).toMatch(/workflow|graph|JSON/i);
  await tab.shot("workflow-import-wrong-1440");
  tab.quiet(/400|422/);
  await tab.close();
});

test("a character is added with a picture, changed and removed", async () => {
  const tab = await Tab.open(server, "/workflows?tab=characters");
  await tab.page.getByRole("button", { name: "Add a character" }).press("Enter");
  await tab.page.getByLabel("Id").fill("mara");
  await tab.page.getByLabel("Name", { exact: true }).fill("Mara");
  await tab.page.getByLabel("Prompt", { exact: true }).fill("mara, {prompt}");
  const [output] = (await server.api<{ outputs: { path: string }[] }>("GET", "/outputs?limit=1")).outputs;
  await tab.page.getByLabel("Picture", { exact: true }).setInputFiles(output?.path as string);
  await tab.page.getByRole("dialog").locator("img").waitFor();
  await tab.accessible();
  await tab.shot("character-1440");
  await tab.page.getByRole("button", { name: "Save" }).press("Enter");
  await tab.page.getByRole("heading", { name: "Mara" }).waitFor();
  await tab.page.getByRole("img", { name: "Mara" }).waitFor();
  await tab.page.getByRole("button", { name: "Edit Mara" }).press("Enter");
  await tab.page.getByLabel("Name", { exact: true }).fill("Mara B.");
  await tab.page.getByRole("button", { name: "Save" }).press("Enter");
  await tab.page.getByRole("heading", { name: "Mara B." }).waitFor();
  await tab.page.getByRole("button", { name: "Edit Mara B." }).press("Enter");
  await tab.page.getByRole("dialog").getByRole("button", { name: "Remove" }).press("Enter");
  await expect.poll(() => tab.page.getByRole("heading", { name: "Mara B." }).count()).toBe(0);
  tab.quiet();
  await tab.close();
});

test("the last run is kept as a preset, and deleted with a way back", async () => {
  const tab = await Tab.open(server, "/workflows?tab=presets");
  await tab.page.getByText("No presets yet").waitFor();
  await tab.page.getByRole("button", { name: "Save the last run as a preset" }).press("Enter");
  await tab.page.getByLabel("Name of the preset").fill("snow");
  await tab.page.keyboard.press("Enter");
  await tab.page.getByRole("heading", { name: "snow" }).waitFor();
  await tab.page.getByText(nasty).waitFor();
  await tab.accessible();
  await tab.shot("presets-1440");
  await tab.page.getByRole("button", { name: "Delete snow" }).press("Enter");
  await tab.page.getByRole("button", { name: "Undo" }).click();
  await tab.page.getByRole("heading", { name: "snow" }).waitFor();
  expect(await tab.page.title()).not.toContain("owned");
  tab.quiet();
  await tab.close();
});
