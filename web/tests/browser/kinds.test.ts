import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { closeBrowser, looked, Server, Tab } from "./harness";

// Results that the emulator does not make are put into the store and the database.
const python = spawnSync("python3", ["-c", "import sqlite3"]).status === 0;
const add = `
import json, sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=30)
columns = [r[1] for r in db.execute("PRAGMA table_info(outputs)") if r[1] != "seq"]
row = dict(zip(columns, db.execute("SELECT " + ",".join(columns) + " FROM outputs LIMIT 1").fetchone()))
for n, more in enumerate(json.loads(sys.argv[2])):
    row.update({"n": n + 2, "width": None, "height": None, **more})
    db.execute("INSERT INTO outputs (%s) VALUES (%s)" % (",".join(columns), ",".join("?" * len(columns))), [row[c] for c in columns])
db.commit()
`;

const pixel = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");

/** glb packs a pyramid with a texture of its own; more says what else the file asks for. */
function glb(more: object = {}): Buffer {
  const corners = [0, 1, 0, -1, -1, 1, 1, -1, 1, 1, -1, -1, -1, -1, -1];
  const faces = [0, 1, 2, 0, 2, 3, 0, 3, 4, 0, 4, 1, 1, 4, 3, 1, 3, 2];
  const positions = Buffer.from(new Float32Array(corners).buffer);
  const indices = Buffer.from(new Uint16Array(faces).buffer);
  const padded = Buffer.concat([pixel, Buffer.alloc((4 - (pixel.length % 4)) % 4)]);
  const binary = Buffer.concat([positions, indices, padded]);
  const json = JSON.stringify({
    asset: { version: "2.0" },
    scene: 0,
    scenes: [{ nodes: [0] }],
    nodes: [{ mesh: 0 }],
    meshes: [{ primitives: [{ attributes: { POSITION: 0 }, indices: 1, material: 0 }] }],
    materials: [{ doubleSided: true, pbrMetallicRoughness: { baseColorTexture: { index: 0 }, metallicFactor: 0 } }],
    textures: [{ source: 0 }],
    images: [{ bufferView: 2, mimeType: "image/png" }],
    accessors: [
      { bufferView: 0, componentType: 5126, count: 5, type: "VEC3", min: [-1, -1, -1], max: [1, 1, 1] },
      { bufferView: 1, componentType: 5123, count: faces.length, type: "SCALAR" },
    ],
    bufferViews: [
      { buffer: 0, byteLength: positions.length },
      { buffer: 0, byteOffset: positions.length, byteLength: indices.length },
      { buffer: 0, byteOffset: positions.length + indices.length, byteLength: pixel.length },
    ],
    buffers: [{ byteLength: binary.length }],
    ...more,
  });
  const head = Buffer.from(json.padEnd(Math.ceil(json.length / 4) * 4));
  const chunk = (type: number, data: Buffer) => Buffer.concat([Buffer.from(new Uint32Array([data.length, type]).buffer), data]);
  const body = Buffer.concat([chunk(0x4e4f534a, head), chunk(0x004e4942, binary)]);
  return Buffer.concat([Buffer.from(new Uint32Array([0x46546c67, 2, 12 + body.length]).buffer), body]);
}

const files = {
  "pyramid.glb": glb(),
  "packed.glb": glb({ extensionsUsed: ["KHR_draco_mesh_compression"], extensionsRequired: ["KHR_draco_mesh_compression"] }),
  "elsewhere.glb": glb({ images: [{ uri: "https://example.com/tracks-who-looks.png" }] }),
  "damaged.glb": glb().subarray(0, 200),
};
const idOf = (name: string) => `kinds${name.replace(/\W/g, "").padEnd(21, "0").slice(0, 21)}`;

let server: Server;
beforeAll(async () => {
  server = await Server.start({ stepTime: "1ms" });
  await server.api("POST", "/generate?wait=60", { workflow_id: "flux_single", prompt: "a pyramid", params: { steps: 2 } });
  const rows = Object.entries(files).map(([name, data]) => {
    writeFileSync(join(server.dir, "out", name), data);
    const sha256 = createHash("sha256").update(data).digest("hex");
    return { id: idOf(name), name, kind: "file", media_type: "model/gltf-binary", bytes: data.length, sha256 };
  });
  const words = "A pyramid of pale stone\n\n<b>in the desert</b>";
  rows.push({ id: idOf("words"), name: "words.txt", kind: "text", media_type: "text/plain", bytes: words.length, sha256: "0".repeat(64) });
  Object.assign(rows.at(-1) as object, { content: words });
  if (python) execFileSync("python3", ["-c", add, join(server.dir, "data/easel/serve/easel.db"), JSON.stringify(rows)]);
}, 120_000);
afterAll(async () => {
  await closeBrowser();
  await server.stop();
});

const drawn = (tab: Tab) => tab.page.locator("[data-ready] canvas").screenshot();

test.skipIf(!python)("a 3D model is turned by mouse and keys, and a text is read", async () => {
  await looked(server, `/results?open=${idOf("pyramid.glb")}`, "model", (page) => page.locator("[data-ready] canvas").waitFor());
  const tab = await Tab.open(server, `/results?open=${idOf("pyramid.glb")}`);
  const view = tab.page.getByRole("application", { name: /3D view$/ });
  await tab.page.locator("[data-ready] canvas").waitFor();
  await view.focus();
  await tab.page.keyboard.press("0");
  await tab.settled();
  const first = await drawn(tab);
  await tab.page.keyboard.press("ArrowRight");
  await tab.settled();
  const turned = await drawn(tab);
  expect(turned.equals(first)).toBe(false);
  await tab.page.keyboard.press("0");
  await tab.settled();
  expect((await drawn(tab)).equals(first)).toBe(true);
  const box = await view.boundingBox();
  if (!box) throw new Error("no view");
  await tab.page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await tab.page.mouse.down();
  await tab.page.mouse.move(box.x + box.width / 2 + 120, box.y + box.height / 2, { steps: 3 });
  await tab.page.mouse.up();
  await tab.settled();
  expect((await drawn(tab)).equals(first)).toBe(false);
  await tab.goto(`/results?open=${idOf("words")}`);
  await tab.page.getByRole("dialog").getByRole("region", { name: "Text" }).getByText("<b>in the desert</b>").waitFor();
  await tab.shot("text-1440");
  tab.quiet();
  await tab.close();
});

test.skipIf(!python)("a 3D model is turned by one finger and comes nearer by two, and the page stays where it is", async () => {
  const tab = await Tab.open(server, `/results?open=${idOf("pyramid.glb")}`, { width: 375, touch: true });
  await tab.page.locator("[data-ready] canvas").waitFor();
  const box = await tab.page.getByRole("application", { name: /3D view$/ }).boundingBox();
  if (!box) throw new Error("no view");
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const first = await drawn(tab);
  await tab.drag({ from: [x, y], to: [x + 90, y + 20] });
  const turned = await drawn(tab);
  expect(turned.equals(first)).toBe(false);
  await tab.drag({ from: [x - 30, y], to: [x - 90, y] }, { from: [x + 30, y], to: [x + 90, y] });
  const nearer = await drawn(tab);
  expect(nearer.equals(turned)).toBe(false);
  // It is no swipe: the same result is shown, and nothing was scrolled.
  expect(tab.page.url()).toContain(idOf("pyramid.glb"));
  expect((await tab.page.getByRole("application", { name: /3D view$/ }).boundingBox())?.y).toBe(box.y);
  await tab.page.getByRole("button", { name: "See it whole" }).tap();
  await tab.settled();
  expect((await drawn(tab)).equals(first)).toBe(true);
  tab.quiet();
  await tab.close();
});

test.skipIf(!python)("a model that cannot be drawn is told in words, and nothing outside is asked for", async () => {
  const tab = await Tab.open(server, `/results?open=${idOf("packed.glb")}`);
  await tab.page.getByText("packed in a way").waitFor();
  await tab.goto(`/results?open=${idOf("damaged.glb")}`);
  await tab.page.getByText("cannot draw this 3D model").waitFor();
  await tab.page.getByRole("dialog").getByRole("link", { name: "Download" }).waitFor();
  await tab.goto(`/results?open=${idOf("elsewhere.glb")}`);
  await tab.page.locator("[data-ready] canvas").waitFor();
  expect(tab.errors.filter((e) => e.startsWith("a request to"))).toEqual([]);
  await tab.close();
});
