import { afterAll, beforeAll, expect, test } from "vitest";
import { closeBrowser, looked, Server, Tab } from "./harness";

interface Job {
  id: string;
  outputs: { id: string; name: string }[];
}

const nasty = `<img src=x onerror="document.title='owned'">"><script>document.title='owned'</script>`;
let server: Server;
let sweep: string;
let fox: Job;

beforeAll(async () => {
  server = await Server.start({ stepTime: "1ms" });
  const run = (body: object) => server.api<Job>("POST", "/generate?wait=60", body);
  const first = await run({ workflow_id: "flux_single", prompt: nasty, params: { steps: 2 } });
  const video = await run({ workflow_id: "ltx_video", prompt: "waves at dusk, slowly", input_image: first.outputs[0]?.id }).catch(String);
  expect(video).toMatchObject({ outputs: [{ kind: "video" }] });
  await run({ workflow_id: "qwen_text", prompt: "a lighthouse in fog, seen from the sea", params: { width: 1344, height: 768, steps: 2 } });
  await run({ workflow_id: "qwen_text", prompt: "a tall birch in winter", params: { width: 768, height: 1344, steps: 2 } });
  const batch = await server.api<{ id: string; jobs: string[] }>("POST", "/generate", {
    workflow_id: "flux_single",
    prompt: "a hare on a hill",
    sweep: { steps: "2,3,4", guidance: "2,3" },
  });
  sweep = batch.id;
  for (const id of batch.jobs) expect(await server.api<Job>("GET", `/jobs/${id}?wait=60`)).toMatchObject({ state: "succeeded" });
  fox = await run({
    workflow_id: "flux_single",
    prompt: "a red fox in the snow, soft light",
    params: { steps: 2, width: 1216, height: 832 },
  });
}, 180_000);
afterAll(async () => {
  await closeBrowser();
  await server.stop();
});

const tiles = (tab: Tab) => tab.page.getByRole("gridcell");
const focused = (tab: Tab) =>
  tab.page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.tagName);
const loaded = (tab: Tab) =>
  tab.page.waitForFunction(() => [...document.querySelectorAll("main img")].every((i) => (i as HTMLImageElement).naturalWidth > 0));

test("the gallery is accessible at both widths and in both themes, and runs nothing of a prompt", async () => {
  await looked(server, "/results", "results", async (page) => {
    await page.getByRole("gridcell").nth(10).waitFor();
    await page.waitForFunction(() => [...document.querySelectorAll("main img")].every((i) => (i as HTMLImageElement).naturalWidth > 0));
    expect(await page.title()).not.toContain("owned");
  });
});

test("the lightbox shows a result with all that is known of it; its keys lead on", async () => {
  await looked(server, `/results?open=${fox.outputs[0]?.id}`, "lightbox", async (page) => {
    await page.getByRole("dialog", { name: "Result" }).waitFor();
    await page.getByText("a red fox in the snow, soft light").first().waitFor();
    await page.getByText("127.0.0.1").first().waitFor();
  });
  const tab = await Tab.open(server, "/results");
  await tiles(tab).first().click();
  await tab.page.getByText("1 of 11").waitFor();
  await tab.page.keyboard.press("ArrowRight");
  await tab.page.getByText("2 of 11").waitFor();
  await tab.page.keyboard.press("z");
  await tab.page.getByRole("button", { name: "Fit" }).waitFor();
  await tab.page.keyboard.press("f");
  await tab.page.getByRole("button", { name: "Take the mark away" }).waitFor();
  for (let i = 0; i < 9; i++) await tab.page.keyboard.press("ArrowRight");
  await tab.page.getByText("11 of 11").waitFor();
  await tab.page.getByText(nasty).first().waitFor();
  await tab.page.keyboard.press("ArrowLeft");
  // The emulator's films are Motion JPEG, which no browser plays.
  await tab.page.getByText("The browser cannot show this video's format").waitFor();
  await tab.shot("lightbox-video-1440");
  await tab.page.keyboard.press("Escape");
  await tab.page.getByRole("dialog").waitFor({ state: "detached" });
  await expect.poll(() => focused(tab)).toContain("waves at dusk");
  expect(await tab.page.title()).toBe("Results · easel");
  tab.quiet();
  await tab.close();
});

test("filters, search and favourites narrow the gallery down and stand in the address", async () => {
  const tab = await Tab.open(server, "/results");
  await tiles(tab).first().waitFor();
  await tab.page.keyboard.press("/");
  await tab.page.keyboard.type("lighthouse");
  await expect.poll(() => tiles(tab).count()).toBe(1);
  expect(tab.page.url()).toContain("q=lighthouse");
  await tab.page.keyboard.press("Escape");
  await expect.poll(() => tiles(tab).count()).toBe(11);
  await tab.page.getByRole("button", { name: "Kind" }).click();
  await tab.page.getByRole("menuitemcheckbox", { name: "Videos" }).click();
  await expect.poll(() => tiles(tab).count()).toBe(1);
  await tab.page.getByRole("button", { name: "Clear the filters" }).click();
  await tab.page.getByRole("button", { name: "Workflow" }).click();
  await tab.page.getByRole("menuitemcheckbox", { name: "Qwen-Image", exact: true }).click();
  await expect.poll(() => tiles(tab).count()).toBe(2);
  await tab.page.getByRole("button", { name: "Date" }).click();
  await tab.shot("results-date-1440");
  await tab.accessible();
  await tab.page.getByLabel("To").fill("2001-01-01");
  await tab.page.getByText("Nothing fits").waitFor();
  await tab.page.keyboard.press("Escape");
  await tab.shot("results-nothing-1440");
  await tab.page.reload();
  await tab.page.getByText("Nothing fits").waitFor();
  await tab.page.locator("main").getByRole("button", { name: "Clear the filters" }).last().click();
  await tab.page.getByRole("button", { name: "Favourites" }).click();
  await expect.poll(() => tiles(tab).count()).toBe(1);
  tab.quiet();
  await tab.close();
});

test("by keyboard alone: move, select, compare, download a ZIP, delete and undo, use, run again", async () => {
  const tab = await Tab.open(server, "/results");
  await tiles(tab).first().waitFor();
  await loaded(tab);
  await tiles(tab).first().focus();
  await tab.page.keyboard.press("ArrowRight");
  await tab.page.keyboard.press(" ");
  await tab.page.keyboard.press("ArrowRight");
  await tab.page.keyboard.press(" ");
  await tab.page.getByRole("toolbar", { name: "2 selected" }).waitFor();
  await tab.accessible();
  await tab.shot("results-selected-1440");

  const archive = tab.page.waitForEvent("download");
  await tab.page.keyboard.press("d");
  expect((await archive).suggestedFilename()).toBe("easel.zip");
  expect(await (await archive).failure()).toBeNull();

  await tab.page.keyboard.press("c");
  const divider = tab.page.getByRole("slider", { name: "Divider between the two results" });
  await divider.waitFor();
  await tab.page.keyboard.press("Shift+ArrowRight");
  await tab.page.keyboard.press("ArrowRight");
  expect(await divider.getAttribute("aria-valuenow")).toBe("61");
  await tab.page
    .getByRole("rowheader", { name: "Steps" })
    .or(tab.page.getByRole("rowheader", { name: "Guidance" }))
    .first()
    .waitFor();
  await tab.accessible();
  await tab.fits();
  await tab.shot("compare-1440");
  await tab.page.keyboard.press("Escape");

  await tab.page.getByRole("dialog").waitFor({ state: "detached" });
  await tab.page.keyboard.press("Escape");
  await expect.poll(() => tab.page.getByRole("toolbar").count()).toBe(0);
  await tiles(tab).first().focus();
  const first = await focused(tab);
  await tab.page.keyboard.press("Delete");
  await expect.poll(() => tiles(tab).count()).toBe(10);
  await expect.poll(() => focused(tab)).not.toBe(first);
  await tab.page.getByText("Result deleted").waitFor();
  await tab.shot("results-deleted-1440");
  await tab.page.getByRole("button", { name: "Undo" }).click();
  await expect.poll(() => tiles(tab).count()).toBe(11);

  await tiles(tab).first().focus();
  const file = tab.page.waitForEvent("download");
  await tab.page.keyboard.press("d");
  expect((await file).suggestedFilename()).toMatch(/^flux_single-.*\.png$/);
  await tab.page.keyboard.press("i");
  await tab.page.waitForURL("**/generate");
  await tab.page.getByRole("button", { name: /^Remove / }).waitFor();
  await tab.page.goBack();
  await tiles(tab).first().waitFor();
  await tiles(tab).first().focus();
  await tab.page.keyboard.press("r");
  await tab.page.waitForURL("**/generate");
  await expect
    .poll(() => tab.page.getByRole("textbox", { name: "Prompt", exact: true }).inputValue())
    .toBe("a red fox in the snow, soft light");
  tab.quiet();
  await tab.close();
});

test("nothing that is done in Results by keyboard takes the keyboard's place away, and all of it is reached by Tab", async () => {
  const tab = await Tab.open(server, "/results");
  const { page } = tab;
  const { keyboard } = page;
  await tiles(tab).nth(10).waitFor();
  const place = () =>
    page.evaluate(() => {
      const at = document.activeElement;
      if (!at || at === document.body) return "nowhere";
      const { left, top, right, bottom } = at.getBoundingClientRect();
      if (right <= 0 || bottom <= 0 || left >= innerWidth || top >= innerHeight) return "out of sight";
      const isShown = getComputedStyle(at).outlineStyle !== "none" || at.matches("[role=dialog], #content, [type=range]");
      return isShown ? "seen" : `without a ring: ${at.outerHTML.slice(0, 120)}`;
    });
  const counted = (what: ReturnType<typeof tiles>, n: number) => expect.poll(() => what.count(), { timeout: 10_000 }).toBe(n);
  const stays = async (after: string) => {
    await tab.settled();
    await expect.poll(place, { message: after, timeout: 5000 }).toBe("seen");
  };
  const tabTo = async (name: RegExp) => {
    const seen: (string | null)[] = [];
    for (let i = 0; i < 60; i++) {
      await keyboard.press("Tab");
      const at = await page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? "");
      if (name.test(at)) return stays(`Tab to ${name}`);
      seen.push(at.slice(0, 40));
    }
    throw new Error(`Tab does not lead to ${name}: ${seen.join(" | ")}`);
  };
  const enter = async (name: RegExp) => {
    await tabTo(name);
    await keyboard.press("Enter");
  };

  await tabTo(/^Search in prompts$/);
  await keyboard.type("hare");
  await counted(tiles(tab), 6);
  await enter(/^Clear the search$/);
  await counted(tiles(tab), 11);
  await stays("clearing the search");
  await enter(/^Kind$/);
  const entry = (name: string) => page.getByRole("menuitemcheckbox", { name }).and(page.locator(":focus")).waitFor();
  await entry("Any");
  for (const name of ["Images", "Videos", "Sounds"]) {
    await keyboard.press("ArrowDown");
    await entry(name);
  }
  await keyboard.press("Enter");
  await page.getByText("Nothing fits").waitFor();
  await stays("choosing a filter");
  await enter(/^Clear the filters$/);
  await counted(tiles(tab), 11);
  await stays("clearing the filters");

  await tabTo(/red fox/);
  await keyboard.press("ArrowRight");
  await tab.settled();
  await keyboard.press("Space");
  await page.getByRole("toolbar", { name: "1 selected" }).waitFor();
  await keyboard.press("ArrowRight");
  await tab.settled();
  await keyboard.press("Space");
  await page.getByRole("toolbar", { name: "2 selected" }).waitFor();
  await enter(/^Mark as favourite$/);
  await stays("marking");
  await keyboard.press("Enter");
  await keyboard.press("Shift+Tab");
  await keyboard.press("Enter");
  await page.getByRole("slider", { name: "Divider between the two results" }).and(page.locator(":focus")).waitFor();
  await keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await stays("comparing");
  const archive = page.waitForEvent("download");
  await enter(/^Download as ZIP$/);
  await archive;
  await stays("downloading");
  await enter(/^Delete$/);
  await counted(tiles(tab), 9);
  await stays("deleting");
  await enter(/^Undo$/);
  await counted(tiles(tab), 11);
  await stays("taking it back");
  await page.getByRole("gridcell").first().focus();
  await keyboard.press("Space");
  await enter(/^Clear the selection$/);
  await counted(page.getByRole("toolbar"), 0);
  await stays("clearing the selection");

  await keyboard.press("Enter");
  await page.getByRole("dialog", { name: "Result" }).waitFor();
  await stays("opening");
  await enter(/^Compare with the next one$/);
  await page.getByRole("slider", { name: "Divider between the two results" }).waitFor();
  await keyboard.press("Escape");
  await page.getByRole("slider").waitFor({ state: "detached" });
  await stays("comparing from the lightbox");
  await keyboard.press("Escape"); // the tooltip of the button that has the focus again
  await tab.settled();
  await keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await stays("closing");

  // The grid of a sweep.
  await page.getByRole("gridcell", { name: /hare/ }).first().focus();
  await keyboard.press("g");
  await page.getByRole("columnheader", { name: "Guidance 2" }).waitFor();
  await stays("opening the sweep");
  await enter(/hare/);
  await page.getByText("1 of 6").waitFor();
  await keyboard.press("ArrowRight");
  await page.getByText("2 of 6").waitFor();
  await keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await stays("closing a cell");
  await enter(/^Select$/);
  await enter(/hare/);
  await page.getByRole("toolbar", { name: "1 selected" }).waitFor();
  await keyboard.press("Delete");
  await page.getByText("Result deleted").waitFor();
  await stays("deleting a cell");
  await enter(/^Undo$/);
  await counted(page.getByRole("cell").getByRole("button"), 6);
  await stays("taking the cell back");
  tab.quiet();
  await tab.close();
});

test("the divider of a comparison follows the pointer, and sides are swapped", async () => {
  const list = await server.api<{ outputs: { id: string; kind: string }[] }>("GET", "/outputs?kind=image");
  const [a, b] = list.outputs.slice(1);
  const tab = await Tab.open(server, `/results?compare=${a?.id},${b?.id}`, { width: 375, touch: true });
  const divider = tab.page.getByRole("slider");
  const box = await divider.boundingBox();
  if (!box) throw new Error("no divider");
  await tab.page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await tab.page.mouse.down();
  await tab.page.mouse.move(box.x + box.width / 2 + 80, box.y + box.height / 2, { steps: 4 });
  await tab.page.mouse.up();
  expect(Number(await divider.getAttribute("aria-valuenow"))).toBeGreaterThan(60);
  await tab.fits();
  await tab.shot("compare-375");
  await tab.page.getByRole("button", { name: "Swap sides" }).click();
  await tab.page.waitForURL(`**compare=${b?.id}%2C${a?.id}`);
  tab.quiet();
  await tab.close();
});

test("a sweep is a grid with its axes; a cell opens; axes change places; two cells are compared", async () => {
  await looked(server, `/results?sweep=${sweep}`, "sweep", async (page) => {
    await page.getByRole("rowheader").first().waitFor();
    await page.waitForFunction(() => [...document.querySelectorAll("main img")].every((i) => (i as HTMLImageElement).naturalWidth > 0));
  });
  const tab = await Tab.open(server, `/results?sweep=${sweep}`);
  await tab.page.getByRole("columnheader", { name: "Guidance 2" }).waitFor();
  expect(await tab.page.getByRole("rowheader").allInnerTexts()).toEqual(["Steps 2", "Steps 3", "Steps 4"]);
  await tab.page.getByLabel("Across").selectOption("steps");
  await tab.page.getByRole("columnheader", { name: "Steps 4" }).waitFor();
  expect(await tab.page.getByRole("rowheader").allInnerTexts()).toEqual(["Guidance 2", "Guidance 3"]);
  await tab.page.getByRole("cell").getByRole("button").first().press("Enter");
  await tab.page.getByRole("dialog", { name: "Result" }).waitFor();
  await tab.page.keyboard.press("ArrowRight");
  await tab.page.getByText("2 of 6").waitFor();
  await tab.page.keyboard.press("Escape");
  await tab.page.getByRole("dialog").waitFor({ state: "detached" });

  const cells = tab.page.getByRole("cell").getByRole("button");
  await tab.page.getByRole("button", { name: "Select", exact: true }).click();
  await cells.nth(0).click();
  await cells.nth(1).click();
  await tab.page.getByRole("toolbar", { name: "2 selected" }).waitFor();
  await tab.accessible();
  await tab.shot("sweep-selected-1440");
  await tab.page.keyboard.press("c");
  await tab.page.getByRole("slider", { name: "Divider between the two results" }).waitFor();
  await tab.page.getByRole("dialog").getByText("Steps 2", { exact: true }).waitFor();
  await tab.page.getByRole("dialog").getByText("Steps 3", { exact: true }).waitFor();
  await tab.page.keyboard.press("Escape");
  await tab.page.getByRole("dialog").waitFor({ state: "detached" });
  const archive = tab.page.waitForEvent("download");
  await tab.page.keyboard.press("d");
  expect((await archive).suggestedFilename()).toBe("easel.zip");
  await tab.page.keyboard.press("Escape");
  await expect.poll(() => tab.page.getByRole("toolbar").count()).toBe(0);

  // From the gallery: by what stands on the sweep's first result, and by a key on any of them.
  await tab.goto("/results");
  await tab.page.getByRole("button", { name: "Show the sweep as a grid" }).click();
  await tab.page.getByRole("columnheader", { name: "Guidance 2" }).waitFor();
  await tab.page.goBack();
  await tab.page.getByRole("gridcell", { name: /hare/ }).nth(2).focus();
  await tab.page.keyboard.press("g");
  await tab.page.getByRole("columnheader", { name: "Guidance 2" }).waitFor();
  tab.quiet();
  await tab.close();
});

test("a finger leads through the lightbox, and closing it leads to where the gallery has that result", async () => {
  const tab = await Tab.open(server, "/results", { width: 375, height: 560, touch: true });
  await tiles(tab).nth(10).waitFor();
  await loaded(tab);
  await tiles(tab).last().scrollIntoViewIfNeeded();
  await tiles(tab).last().tap();
  await tab.page.getByText("11 of 11").waitFor();
  const at = async (place: string) => await tab.page.getByText(`${place} of 11`).waitFor();
  await tab.drag({ from: [80, 200], to: [280, 210] });
  await at("10");
  await tab.page.getByRole("button", { name: "Newer result" }).tap();
  await at("9");
  await tab.drag({ from: [80, 200], to: [280, 190] });
  await at("8");
  await tab.drag({ from: [280, 200], to: [80, 210] });
  await at("9");
  await tab.drag({ from: [200, 200], to: [215, 60] }); // up: the details are scrolled to
  await at("9");
  for (let i = 0; i < 8; i++) await tab.page.keyboard.press("ArrowLeft");
  await at("1");
  await tab.page.keyboard.press("Escape");
  await tab.page.getByRole("dialog").waitFor({ state: "detached" });
  await expect.poll(() => focused(tab)).toMatch(/red fox/);
  const first = await tiles(tab).first().boundingBox();
  expect(first?.y).toBeGreaterThan(0);
  expect((first?.y ?? 0) + (first?.height ?? 0)).toBeLessThan(560);
  tab.quiet();
  await tab.close();
});

test("what is made while the gallery is open comes to its front, and a deleted result is told of", async () => {
  const tab = await Tab.open(server, "/results");
  await tiles(tab).first().waitFor();
  const made = await server.api<Job>("POST", "/generate?wait=60", {
    workflow_id: "flux_single",
    prompt: "a new owl",
    params: { steps: 2 },
  });
  await tab.page.getByRole("gridcell", { name: "Image: a new owl" }).waitFor();
  await loaded(tab);
  await server.api("DELETE", `/outputs/${made.outputs[0]?.id}`);
  await tab.goto(`/results?open=${made.outputs[0]?.id}`);
  await tab.page
    .getByRole("dialog")
    .getByText(/not found/i)
    .waitFor();
  tab.quiet(/404/);
  await tab.close();
});

test("without any result the page teaches", async () => {
  const empty = await Server.start();
  await looked(empty, "/results", "results-empty", (page) => page.getByRole("link", { name: "Make the first picture" }).waitFor());
  await empty.stop();
});
