import { expect, test } from "vitest";
import { columnsOf, draw, type Graph, has, modelsOf } from "./graph";

const graph: Graph = {
  "30": { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: "flux1-dev-fp8.safetensors" }, _meta: { title: "Checkpoint" } },
  "6": { class_type: "CLIPTextEncode", inputs: { clip: ["30", 1], text: "a.safetensors, not a file" } },
  "27": { class_type: "EmptyLatentImage", inputs: { width: 1024, sizes: [64, 64] } },
  "31": { class_type: "KSampler", inputs: { model: ["30", 0], positive: ["6", 0], latent_image: ["27", 0], gone: ["99", 0] } },
  "9": { class_type: "SaveImage", inputs: { images: ["31", 0] } },
};

test("nodes stand in columns behind what they take from; what loads stands beside its first taker", () => {
  expect(Object.fromEntries(columnsOf(graph))).toEqual({ "30": 0, "6": 1, "27": 1, "31": 2, "9": 3 });
});

test("a ring is cut and nothing is drawn of no nodes", () => {
  const ring: Graph = { a: { class_type: "A", inputs: { x: ["b", 0] } }, b: { class_type: "B", inputs: { x: ["a", 0] } } };
  expect(draw(ring, [], []).boxes).toHaveLength(2);
  expect(draw({}, [], [])).toEqual({ boxes: [], lines: [], width: 0, height: 0 });
});

test("boxes of a column do not overlap, lines lead forward, parameters make room", () => {
  const d = draw(
    graph,
    [
      { parameter: "steps", node: "31", input: "steps" },
      { parameter: "seed", node: "31", input: "seed" },
    ],
    ["9"],
  );
  const box = (id: string) => d.boxes.find((b) => b.id === id) as (typeof d.boxes)[0];
  expect(box("31").height).toBeGreaterThan(box("9").height);
  expect(box("9").isOutput).toBe(true);
  const [upper, lower] = [box("6"), box("27")].sort((a, b) => a.y - b.y) as [(typeof d.boxes)[0], (typeof d.boxes)[0]];
  expect(lower.y).toBeGreaterThanOrEqual(upper.y + upper.height);
  expect(d.lines.map((l) => `${l.from} ${l.to}`).sort()).toEqual(["27 31", "30 31", "30 6", "31 9", "6 31"]);
  for (const b of d.boxes) expect(b.y + b.height).toBeLessThanOrEqual(d.height + 1e-9);
});

test("a large graph is drawn soon", () => {
  const large: Graph = Object.fromEntries(
    Array.from({ length: 300 }, (_, i) => [`${i}`, { class_type: "N", inputs: i > 0 ? { a: [`${i - 1}`, 0], b: [`${i >> 1}`, 0] } : {} }]),
  );
  const began = performance.now();
  expect(draw(large, [], []).boxes).toHaveLength(300);
  expect(performance.now() - began).toBeLessThan(1000);
});

test("model files are those that nodes name", () => {
  expect(modelsOf(graph)).toEqual([{ file: "flux1-dev-fp8.safetensors", node: "Checkpoint" }]);
});

test("a file is there by its name, in whatever folder and with either slash", () => {
  const list = [{ name: "flux/a.safetensors" }, { name: "qwen\\b.safetensors" }, { name: "c.safetensors" }];
  for (const file of ["a.safetensors", "flux/a.safetensors", "b.safetensors", "c.safetensors"]) expect(has(list, file)).toBe(true);
  expect(has(list, "aa.safetensors")).toBe(false);
  expect(has(list, "ensors")).toBe(false);
});
