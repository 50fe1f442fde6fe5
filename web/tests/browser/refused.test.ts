import { spawnSync } from "node:child_process";
import { crc32, deflateSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { closeBrowser, Server, Tab } from "./harness";

// What the server refuses: each is told in words with the way out, and nothing that was typed is lost.

let server: Server;
beforeAll(async () => {
  server = await Server.start({ stepTime: "1ms" });
});
afterAll(async () => {
  await closeBrowser();
  await server.stop();
});

/** png is a grey picture; claimed is the size that its header says. */
function png(side: number, claimed = side): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(data.length);
    ends.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(claimed);
  head.writeUInt32BE(claimed, 4);
  head[8] = 8;
  const rows = Buffer.alloc((side + 1) * side, 0x80).map((byte, at) => (at % (side + 1) === 0 ? 0 : byte));
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", head),
    chunk("IDAT", deflateSync(rows, { level: 0 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

const prompt = (tab: Tab) => tab.page.getByRole("textbox", { name: "Prompt", exact: true });
const give = (tab: Tab, name: string, buffer: Buffer, mimeType = "image/png") =>
  tab.page.locator("[data-parameter=image] input[type=file]").setInputFiles({ name, mimeType, buffer });
const said = (tab: Tab) => tab.page.locator("[data-parameter=image]").getByRole("alert");
const told = (tab: Tab, words: RegExp) => said(tab).filter({ hasText: words }).waitFor();

test("names of files that are markup, endless or written backwards are shown as they are", async () => {
  const tab = await Tab.open(server, "/generate?workflow=qwen_edit");
  const names = [
    `"><svg onload=window.hacked=1>.png`,
    `javascript:window.hacked=1;.png`,
    `'-window.hacked=1-'\${window.hacked=1}.png`,
    `\u202egnp.exe.png`,
    `${"long ".repeat(48)}.png`,
  ];
  for (const name of names) {
    await give(tab, name, png(8));
    await tab.page.locator("[data-parameter=image] p").first().waitFor();
    await tab.fits();
    await tab.page
      .getByRole("button", { name: /^Remove / })
      .first()
      .click();
  }
  await give(tab, names[0] as string, Buffer.from("<script>window.hacked=1</script>"));
  await said(tab).waitFor();
  expect(await tab.page.evaluate(() => (window as { hacked?: number }).hacked)).toBeUndefined();
  tab.quiet(/400|415/);
  await tab.close();
});

test("a file that is too large or of the wrong kind is told at its field", async () => {
  const tab = await Tab.open(server, "/generate?workflow=qwen_edit");
  await prompt(tab).fill("kept while files are refused");
  await give(tab, "vast.png", png(8, 20_000));
  await told(tab, /vast\.png.*more than 200000000 pixels/);
  await give(tab, "notes.txt", Buffer.from("not a picture"), "text/plain");
  await told(tab, /notes\.txt/);
  await give(tab, "renamed.png", Buffer.from("not a picture either"));
  await told(tab, /renamed\.png/);
  await tab.accessible();
  await tab.shot("generate-refused-1440");
  await give(tab, "good.png", png(8));
  await tab.page.getByText("good.png").waitFor();
  expect(await said(tab).count()).toBe(0);
  expect(await prompt(tab).inputValue()).toBe("kept while files are refused");
  tab.quiet(/400|413|415/);
  await tab.close();
});

test("a workflow that is changed under an open form says what fits no more", async () => {
  const { graph } = await server.api<{ graph: object }>("GET", "/workflows/flux_single/graph");
  await server.api("POST", "/workflows/import?id=dunes&name=Dunes", graph);
  const tab = await Tab.open(server, "/generate?workflow=dunes");
  await prompt(tab).fill("kept while the workflow changes");
  await tab.page.getByRole("textbox", { name: "Steps" }).fill("40");
  await server.api("PATCH", "/workflows/dunes", { params: { steps: { max: 10, default: 8 } } });
  await tab.page.keyboard.press("Control+Enter");
  await tab.page.locator("[data-parameter=steps]").getByText("At most 10", { exact: true }).waitFor();
  expect(await prompt(tab).inputValue()).toBe("kept while the workflow changes");
  await tab.page.getByRole("textbox", { name: "Steps" }).fill("4");
  await tab.page.keyboard.press("Control+Enter");
  await tab.page.getByRole("img", { name: /^Result: kept while/ }).waitFor();
  tab.quiet(/400/);
  await tab.close();
});

test("a key that is taken away in the middle asks for another, over the work", async () => {
  const key = (await server.command("serve", "keys", "add", "anna")).split("\n").at(-1) as string;
  const tab = await Tab.open(server, "/generate?workflow=flux_single", { signedIn: false });
  await tab.page.getByLabel("Key", { exact: true }).fill(key);
  await tab.page.getByRole("button", { name: "Sign in" }).click();
  await prompt(tab).fill("kept while the key is changed");
  await server.command("serve", "keys", "remove", "anna");
  await tab.page.keyboard.press("Control+Enter");
  await tab.page.getByLabel("Key", { exact: true }).waitFor();
  const other = (await server.command("serve", "keys", "add", "berta")).split("\n").at(-1) as string;
  await tab.page.getByLabel("Key", { exact: true }).fill(other);
  await tab.page.getByRole("button", { name: "Sign in" }).click();
  await tab.page.getByLabel("Key", { exact: true }).waitFor({ state: "detached" });
  expect(await prompt(tab).inputValue()).toBe("kept while the key is changed");
  await tab.page.getByRole("textbox", { name: "Steps" }).fill("2");
  await tab.page.keyboard.press("Control+Enter");
  await tab.page.getByRole("img", { name: "Result: kept while the key is changed" }).waitFor();
  tab.quiet(/401/);
  await tab.close();
});

test("a run that is deleted elsewhere is told of where something is done with it", async () => {
  const job = await server.api<{ id: string; outputs: { id: string }[] }>("POST", "/generate?wait=60", {
    workflow_id: "flux_single",
    prompt: "soon gone",
    params: { steps: 2 },
  });
  const tab = await Tab.open(server, `/results?open=${job.outputs[0]?.id}`);
  await tab.page.getByRole("dialog", { name: "Result" }).getByText("soon gone").first().waitFor();
  await server.api("DELETE", `/jobs/${job.id}`);
  await tab.page.keyboard.press("f");
  await tab.page
    .getByText(/not found/i)
    .first()
    .waitFor();
  await tab.page.getByRole("button", { name: "Mark as favourite" }).waitFor(); // taken back
  tab.quiet(/40[04]/);
  await tab.close();
});

test.skipIf(spawnSync("prlimit", ["--version"]).status !== 0)(
  "a full disk is told at the file and at the run, which is tried again",
  { timeout: 300_000 },
  async () => {
    const mine = await Server.start({ stepTime: "1ms" });
    const tab = await Tab.open(mine, "/generate?workflow=qwen_edit");
    await prompt(tab).fill("kept while the disk is full");
    mine.narrow(3 << 20); // a picture of 2048 pixels is larger, the database is not
    await give(tab, "heavy.png", png(3000));
    await told(tab, /heavy\.png.*no space left.*[Ff]ree some space/);
    await tab.goto("/generate?workflow=flux_single");
    await tab.page.getByRole("textbox", { name: "Width" }).fill("2048");
    await tab.page.getByRole("textbox", { name: "Height" }).fill("2048");
    await tab.page.getByRole("textbox", { name: "Steps" }).fill("1");
    await tab.page.getByRole("textbox", { name: "Seed", exact: true }).fill("9297667566796397367"); // of a picture of 3.5 MB
    await tab.page.keyboard.press("Control+Enter");
    await tab.page.getByRole("button", { name: "Try again" }).waitFor({ timeout: 60_000 });
    await tab.page
      .getByText(/no space left/)
      .last()
      .waitFor();
    await tab.accessible();
    await tab.shot("generate-full-1440");
    expect(await prompt(tab).inputValue()).toBe("kept while the disk is full");
    mine.narrow();
    await tab.page.getByRole("button", { name: "Try again" }).click();
    await tab.page.getByRole("img", { name: "Result: kept while the disk is full" }).waitFor({ timeout: 60_000 });
    tab.quiet(/400|50\d/);
    await tab.close();
    await mine.stop();
  },
);
