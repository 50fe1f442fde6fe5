import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Locator } from "playwright-core";
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

interface Entry {
  configurable_params: Record<string, Record<string, unknown>>;
}

const entry = () => server.api<Entry>("GET", "/workflows/edited");

/** opened opens the editor of the workflow and gives it, and the part of it that a parameter has. */
async function opened(tab: Tab): Promise<{ dialog: Locator; part: (name: string) => Promise<Locator> }> {
  await tab.page.getByRole("article").getByRole("button", { name: "Edit" }).click();
  const dialog = tab.page.getByRole("dialog");
  const names = Object.keys((await entry()).configurable_params);
  const part = async (name: string) => {
    const item = dialog.getByRole("listitem").nth(names.indexOf(name));
    const heading = item.getByRole("button", { expanded: false });
    if ((await heading.count()) > 0) await heading.click();
    return item;
  };
  await dialog
    .getByRole("listitem")
    .nth(names.length - 1)
    .waitFor();
  return { dialog, part };
}

const field = (part: Locator, name: string) => part.getByLabel(name, { exact: true });

/** told waits until a field says what is wrong with it, in words that belong to it. */
async function told(part: Locator, name: string, words: string) {
  await expect.poll(() => field(part, name).getAttribute("aria-invalid")).toBe("true");
  const note = await field(part, name).getAttribute("aria-describedby");
  expect(await part.page().locator(`[id="${note}"]`).textContent()).toContain(words);
}

test("what a workflow's editor offers is checked beside its field, saved, and holds in the form of Generate", async () => {
  const graph = JSON.parse(readFileSync(new URL("../../../workflows/flux/single.json", import.meta.url), "utf8"));
  await server.api("POST", "/workflows/import?id=edited&name=Edited&filename=edited.json", graph);
  // Choices of its own instead of the server's are what somebody wrote into the file.
  const file = join(server.dir, "config", "easel", "workflows", "registry.json");
  writeFileSync(file, readFileSync(file, "utf8").replace('"choices_from": "KSampler.sampler_name"', '"choices": ["euler", "heun"]'));
  const tab = await Tab.open(server, "/workflows?id=edited");
  const { page } = tab;
  const { dialog, part } = await opened(tab);
  const save = dialog.getByRole("button", { name: "Save" });
  expect(await save.isDisabled(), "nothing is changed yet").toBe(true);

  // Numbers: label, explanation, range, step, default, unit, group.
  const steps = await part("steps");
  await field(steps, "Label").fill("Passes");
  await field(steps, "Explanation").fill("How often it looks again");
  await field(steps, "Least").fill("40");
  await field(steps, "Most").fill("4");
  await told(steps, "Least", "The least is above the most");
  await field(steps, "Least").fill("4");
  await field(steps, "Most").fill("40");
  await field(steps, "Default").fill("41");
  await told(steps, "Default", "outside of the range");
  await field(steps, "Default").fill("2.5");
  await told(steps, "Default", "a whole number");
  await field(steps, "Default").fill("12");
  for (const bad of ["-2", "0"]) {
    await field(steps, "Step").fill(bad);
    await told(steps, "Step", "above 0");
  }
  expect(await save.isDisabled(), "what is wrong cannot be saved").toBe(true);
  await field(steps, "Step").fill("4");
  await expect.poll(() => save.isEnabled()).toBe(true);
  await field(steps, "Unit").fill("looks");
  await field(steps, "Group").fill("Patience");
  const guidance = await part("guidance");
  await field(guidance, "Step").fill("-0,5");
  await told(guidance, "Step", "above 0");
  await field(guidance, "Step").fill("0,25");
  await field(guidance, "Least").fill("1");
  await field(guidance, "Most").fill("many");
  await told(guidance, "Most", "a number");
  await field(guidance, "Most").fill("9");
  await guidance.getByRole("switch", { name: "Among the advanced" }).click();

  // Choices and texts.
  const sampler = await part("sampler");
  await field(sampler, "Choices, one a line").fill("heun\nddim");
  await told(sampler, "Default", "none of the choices");
  await field(sampler, "Default").fill("ddim");
  await sampler.getByRole("switch", { name: "Among the advanced" }).click();
  const prompt = await part("prompt");
  await field(prompt, "Pattern (a regular expression)").fill("(");
  await told(prompt, "Pattern (a regular expression)", "no regular expression");
  await field(prompt, "Pattern (a regular expression)").fill("(?i)a .*");
  await field(prompt, "Default").fill("a lighthouse");
  await field(prompt, "Most letters").fill("5");
  await told(prompt, "Default", "more than 5 letters");
  await field(prompt, "Most letters").fill("50");
  await prompt.getByRole("switch", { name: "Must be given" }).click();
  await tab.accessible();
  await prompt.scrollIntoViewIfNeeded();
  await tab.shot("workflow-edit-fields-1440");
  await save.click();
  await dialog.waitFor({ state: "detached" });
  expect((await entry()).configurable_params).toMatchObject({
    steps: {
      label: "Passes",
      description: "How often it looks again",
      min: 4,
      max: 40,
      default: 12,
      step: 4,
      unit: "looks",
      group: "Patience",
    },
    guidance: { min: 1, max: 9, step: 0.25, advanced: true },
    sampler: { choices: ["heun", "ddim"], default: "ddim", advanced: false },
    prompt: { pattern: "(?i)a .*", default: "a lighthouse", max_length: 50, required: true },
  });

  // The form has all of it.
  await page.getByRole("link", { name: "Generate with it" }).click();
  const patience = page.getByRole("region", { name: "Patience" });
  const passes = patience.getByRole("textbox", { name: "Passes" });
  await expect.poll(() => passes.inputValue()).toBe("12");
  await patience.getByText("looks", { exact: true }).waitFor();
  const slider = patience.getByRole("slider", { name: "Passes" });
  expect([await slider.getAttribute("min"), await slider.getAttribute("max"), await slider.getAttribute("step")]).toEqual(["4", "40", "4"]);
  await passes.press("ArrowUp");
  expect(await passes.inputValue()).toBe("16");
  await patience.getByText("How often it looks again. 4 to 40").waitFor({ state: "attached" });
  expect(await page.getByRole("textbox", { name: "Prompt", exact: true }).inputValue()).toBe("a lighthouse");
  const choices = page.getByRole("region", { name: "Sampling" }).getByRole("combobox", { name: "Sampler" });
  expect(await choices.inputValue()).toBe("ddim");
  expect(await choices.getByRole("option").allTextContents()).toEqual(["heun", "ddim"]);
  const advanced = page.getByRole("region", { name: "Advanced" });
  expect(await page.locator("[data-parameter=guidance]").count(), "the advanced are folded").toBe(0);
  await advanced.getByRole("button", { name: /^Advanced/ }).click();
  await advanced.locator("[data-parameter=guidance]").waitFor();
  await tab.shot("workflow-edited-form-1440");

  // What is emptied is as if it had never been said.
  await tab.goto("/workflows?id=edited");
  const again = await opened(tab);
  const emptied = await again.part("steps");
  for (const name of ["Least", "Most", "Step", "Unit", "Group"]) await field(emptied, name).fill("");
  await again.dialog.getByRole("button", { name: "Save" }).click();
  await again.dialog.waitFor({ state: "detached" });
  const left = (await entry()).configurable_params.steps ?? {};
  expect(left).toMatchObject({ label: "Passes", default: 12 });
  for (const name of ["min", "max", "step", "unit", "group"]) expect(left).not.toHaveProperty(name);
  tab.quiet();
  await tab.close();
});
