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
  await tab.page.getByRole("link", { name: "Queue" }).click();
  await tab.page
    .locator("main")
    .getByText(/^(Waiting for the server|The server does not answer)$/) // while it tries, and after
    .waitFor();
  expect(await tab.page.getByText("Nothing runs and nothing waits").count()).toBe(0);
  await tab.shot("queue-away-1440");
  await tab.page.getByRole("link", { name: "Settings" }).click();
  for (const region of ["Backends", "Access and keys", "Storage", "About"])
    await tab.page
      .locator("section", { has: tab.page.getByRole("heading", { name: region }) })
      .getByText("Waiting for the server")
      .waitFor();
  expect(await tab.page.getByText("once there is a result").count()).toBe(0);
  await tab.accessible();
  await tab.shot("settings-away-1440");
  await mine.up();
  await tab.page.getByText("The server is back").waitFor();
  await tab.page.getByText("You are the owner of this machine.").waitFor();
  await tab.page.getByRole("link", { name: "Queue" }).click();
  await tab.page.getByText("Nothing runs and nothing waits").waitFor();
  await tab.page.getByRole("link", { name: "Workflows" }).click();
  await tab.page.getByRole("heading", { name: "FLUX.1 dev" }).waitFor();
  await tab.close();
  await mine.stop();
});

test("a page whose answer is slow says that it waits", async () => {
  const tab = await Tab.open(server, "/settings");
  let release = () => {};
  const released = new Promise<void>((done) => {
    release = done;
  });
  await tab.page.route(/\/jobs\?/, async (route) => {
    await released;
    await route.continue();
  });
  await tab.goto("/queue");
  await tab.page.getByText("Waiting for the server").waitFor();
  expect(await tab.page.getByText("Nothing runs and nothing waits").count()).toBe(0);
  release();
  await tab.page.getByText("Nothing runs and nothing waits").waitFor();
  tab.quiet();
  await tab.close();
});
