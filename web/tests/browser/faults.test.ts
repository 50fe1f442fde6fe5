import { afterAll, beforeAll, expect, test } from "vitest";
import { closeBrowser, Server, Tab } from "./harness";

let server: Server;
beforeAll(async () => {
  server = await Server.start({ stepTime: "150ms" });
});
afterAll(async () => {
  await closeBrowser();
  await server.stop();
});

const evil = `"><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>{{constructor.constructor('window.hacked=1')()}}`;

test("what is written in prompts, names of files and errors executes nothing", async () => {
  const tab = await Tab.open(server, "/generate?workflow=qwen_edit");
  const { page } = tab;
  await page.getByText("Second image").waitFor();
  await page.getByRole("textbox", { name: "Prompt", exact: true }).fill(evil);
  await page.locator("[data-parameter=image] input[type=file]").setInputFiles({
    name: `<img src=x onerror=window.hacked=1>.png`,
    mimeType: "image/png",
    buffer: Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64"),
  });
  await page.locator("[data-parameter=image] p").first().waitFor();
  await page.keyboard.press("Control+Enter");
  await page.getByRole("img", { name: /^Result: / }).waitFor({ timeout: 60_000 });
  await tab.goto("/queue");
  await tab.goto("/results");
  await page.getByRole("heading", { level: 1 }).waitFor();
  expect(await page.evaluate(() => (window as { hacked?: number }).hacked)).toBeUndefined();
  tab.quiet();
  await tab.close();
});

test("a server that is killed during a run loses nothing that was typed, and the run goes on", async () => {
  const tab = await Tab.open(server, "/generate?workflow=flux_single");
  const { page } = tab;
  const prompt = page.getByRole("textbox", { name: "Prompt", exact: true });
  await prompt.fill("a fox that survives");
  await page.getByRole("textbox", { name: "Steps" }).fill("40");
  await page.keyboard.press("Control+Enter");
  await page.getByText(/Step \d+ of 40/).waitFor();
  await server.kill();
  await prompt.fill("typed while it was away");
  await page.getByText("The server does not answer. Nothing you typed is lost").waitFor();
  await tab.shot("generate-away-1440");
  await page.keyboard.press("Control+Enter");
  await page.getByText("Is easel serve still running?").waitFor();
  await server.up();
  await page.getByText("The server is back").waitFor();
  expect(await prompt.inputValue()).toBe("typed while it was away");
  await page.getByRole("img", { name: "Result: a fox that survives" }).waitFor({ timeout: 60_000 });
  await tab.close();
});

test("two tabs at once keep their own forms and see the same runs", async () => {
  const tab = await Tab.open(server, "/generate?workflow=flux_single");
  const prompt = (t: Tab) => t.page.getByRole("textbox", { name: "Prompt", exact: true });
  await prompt(tab).fill("the first tab");
  const other = await tab.another("/queue");
  await other.page.getByRole("heading", { name: "Queue" }).waitFor();
  await tab.page.keyboard.press("Control+Enter");
  await other.page.getByText("the first tab").waitFor();
  await other.goto("/generate?workflow=flux_single");
  await prompt(other).fill("the second tab");
  await tab.page.reload();
  expect(await prompt(tab).inputValue()).toBe("the first tab");
  tab.quiet();
  other.quiet();
  await tab.close();
});

test("a wrong value is told at its field, a run that was deleted elsewhere is told, and so is a workflow that is gone", async () => {
  const tab = await Tab.open(server, "/generate?workflow=flux_single");
  const { page } = tab;
  await page.getByRole("textbox", { name: "Prompt", exact: true }).fill("a fox");
  await page.getByRole("textbox", { name: "Seed", exact: true }).fill("18446744073709551616");
  await page.keyboard.press("Control+Enter");
  await page.getByText("A seed is between 0 and 18446744073709551615").waitFor();
  await tab.accessible();
  await tab.shot("generate-problem-1440");
  await page.getByRole("button", { name: "Reset Seed to -1" }).click();
  await page.getByRole("textbox", { name: "Steps" }).fill("2");
  await page.keyboard.press("Control+Enter");
  await page.getByRole("img", { name: "Result: a fox" }).waitFor();
  const { jobs } = await server.api<{ jobs: { id: string }[] }>("GET", "/jobs?limit=1");
  await server.api("DELETE", `/jobs/${jobs[0]?.id}`);
  await page.reload();
  await page.getByText("This run was deleted").waitFor();
  await tab.goto("/generate?workflow=nothing_like_it");
  await page.getByText("This workflow is gone").waitFor();
  tab.quiet(/404/);
  await tab.close();
});

test("a run that fails says why and what to do", async () => {
  const mine = await Server.start({ faults: ["oom=KSampler"] });
  const tab = await Tab.open(mine, "/generate?workflow=flux_single");
  const { page } = tab;
  await page.getByRole("textbox", { name: "Prompt", exact: true }).fill("too large");
  await page.keyboard.press("Control+Enter");
  await page.getByRole("button", { name: "Try again" }).waitFor({ timeout: 60_000 });
  await tab.accessible();
  await tab.shot("generate-failed-1440");
  await tab.goto("/queue");
  await page.getByRole("region", { name: "Failed and cancelled" }).getByText("too large").waitFor();
  await tab.accessible();
  await tab.shot("queue-failed-1440");
  tab.quiet();
  await tab.close();
  await mine.stop();
});
