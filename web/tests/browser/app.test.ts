import { afterAll, beforeAll, expect, test } from "vitest";
import { closeBrowser, looked, Server, Tab } from "./harness";

let server: Server;
beforeAll(async () => {
  server = await Server.start();
});
afterAll(async () => {
  await closeBrowser();
  await server.stop();
});

test.each([
  ["/settings", "settings"],
  ["/workflows", "workflows"],
])("%s is accessible at both widths and in both themes", async (path, name) => {
  await looked(server, path, name, (page) => page.getByRole("heading", { level: 1 }).waitFor());
});

test("a browser without the link signs in with a key, and the page under it goes on", async () => {
  const tab = await Tab.open(server, "/workflows", { signedIn: false });
  await tab.page.getByRole("heading", { name: "Sign in" }).waitFor();
  await tab.accessible();
  await tab.shot("sign-in-1440");
  await tab.page.getByLabel("Key", { exact: true }).fill("easel_wrong");
  await tab.page.keyboard.press("Enter");
  await tab.page.getByText("does not know this key").waitFor();
  await tab.page.getByLabel("Key", { exact: true }).fill(await server.command("serve", "keys", "add", "test"));
  await tab.page.keyboard.press("Enter");
  await tab.page.getByRole("heading", { name: "FLUX.1 dev" }).waitFor();
  await tab.page.reload();
  await tab.page.getByRole("heading", { name: "FLUX.1 dev" }).waitFor();
  tab.quiet(/401/);
  await tab.close();
});

test("deep links, unknown addresses and the rail lead to pages, by keyboard as well", async () => {
  const tab = await Tab.open(server, "/nothing/here");
  await tab.page.getByText("There is nothing here").waitFor();
  await tab.goto("/");
  await tab.page.waitForURL("**/generate");
  await tab.page.keyboard.press("Alt+5");
  await tab.page.getByRole("heading", { name: "Settings" }).waitFor();
  await tab.page.keyboard.press("?");
  await tab.page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  await tab.accessible();
  await tab.page.keyboard.press("Escape");
  await tab.page.getByRole("link", { name: "Queue" }).click();
  await tab.page.getByRole("heading", { name: "Queue" }).waitFor();
  tab.quiet();
  await tab.close();
});

test("the theme is kept and holds before the first paint", async () => {
  const tab = await Tab.open(server, "/settings");
  await tab.page.getByRole("radio", { name: "Dark" }).click();
  await tab.page.reload();
  expect(await tab.page.evaluate(() => document.documentElement.dataset.theme)).toBe("dark");
  tab.quiet();
  await tab.close();
});

test("the pages open without the server, say so, and go on when it is back", async () => {
  const mine = await Server.start();
  const tab = await Tab.open(mine, "/workflows");
  await tab.page.evaluate(() => navigator.serviceWorker.ready);
  await tab.page.reload();
  await mine.kill();
  await tab.page.getByText("The server does not answer. Nothing you typed is lost").waitFor();
  await tab.shot("away-1440");
  await tab.page.reload();
  await tab.page.getByText("The server does not answer. Nothing you typed is lost").waitFor();
  await mine.up();
  await tab.page.getByText("The server is back").waitFor();
  await tab.page.getByRole("heading", { name: "FLUX.1 dev" }).waitFor();
  await tab.close();
  await mine.stop();
});
