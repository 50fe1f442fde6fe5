import { afterAll, beforeAll, expect, test } from "vitest";
import { closeBrowser, looked, Server, Tab } from "./harness";

let server: Server;
beforeAll(async () => {
  server = await Server.start({ stepTime: "1ms" });
  await server.api("POST", "/generate?wait=60", { workflow_id: "flux_single", prompt: "a fox", params: { steps: 2 } });
});
afterAll(async () => {
  await closeBrowser();
  await server.stop();
});

test("settings say who asks, where results go and what runs jobs, and are accessible", async () => {
  await looked(server, "/settings", "settings", async (page) => {
    await page.getByText("You are the owner of this machine.").waitFor();
    await page.getByText(/New ones go to .*out$/).waitFor();
    await page.getByText(/^(dev|v\d+\.\d+\.\d+\S*)$/).waitFor(); // a build in a checkout may carry its commit
    await page.getByRole("region", { name: "Backends" }).getByText("127.0.0.1").first().waitFor();
  });
});

test("commands are copied, and what the browser keeps is forgotten, by keyboard", async () => {
  const tab = await Tab.open(server, "/settings");
  await tab.page.getByRole("radio", { name: "Dark" }).click();
  await tab.page.getByRole("button", { name: "Copy the command: easel serve keys add laptop" }).press("Enter");
  await tab.page.getByText("Copied").waitFor();
  expect(await tab.page.evaluate(() => navigator.clipboard.readText())).toBe("easel serve keys add laptop");
  await tab.page.getByRole("button", { name: "Forget what this browser keeps" }).press("Enter");
  await tab.page.getByRole("dialog").waitFor();
  await tab.accessible();
  await tab.page.getByRole("button", { name: "Delete" }).press("Enter");
  await tab.page.getByText("This browser keeps nothing any more").waitFor();
  expect(await tab.page.evaluate(() => document.documentElement.dataset.theme)).toBeUndefined();
  expect(await tab.page.evaluate(() => Object.keys(localStorage).filter((k) => k.startsWith("easel.")))).toEqual([]);
  tab.quiet();
  await tab.close();
});

test("a browser with a key sees its name and signs out", async () => {
  const key = await server.command("serve", "keys", "add", "studio laptop", "--scope", "generate");
  const tab = await Tab.open(server, "/settings", { signedIn: false });
  await tab.page.getByLabel("Key", { exact: true }).fill(key);
  await tab.page.keyboard.press("Enter");
  await tab.page.getByText("You are signed in with the key “studio laptop”.").waitFor();
  await tab.page.getByText("make pictures").waitFor();
  expect(await tab.page.getByText("run graphs of one's own").count()).toBe(0);
  await tab.page.getByRole("button", { name: "Sign out" }).click();
  await tab.page.getByRole("heading", { name: "Sign in" }).waitFor();
  tab.quiet(/401/);
  await tab.close();
});
