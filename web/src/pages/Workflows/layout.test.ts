import { expect, test } from "vitest";
import { type Box, columnsOf, draw, type Graph, linksOf } from "./layout";

const node = (inputs: Record<string, unknown> = {}) => ({ class_type: "X", inputs });

// loader feeds text and sampler; text feeds sampler; size feeds sampler; sampler feeds decode, which needs the loader too.
const flux: Graph = {
  loader: node({ ckpt_name: "a.safetensors" }),
  text: node({ clip: ["loader", 1], text: "" }),
  guide: node({ conditioning: ["text", 0] }),
  size: node({ width: 64 }),
  sampler: node({ model: ["loader", 0], positive: ["guide", 0], latent: ["size", 0] }),
  decode: node({ samples: ["sampler", 0], vae: ["loader", 2] }),
};
const tall = () => 60;
const at = (boxes: Box[], id: string) => boxes.find((b) => b.id === id) as Box;

test("links are those between nodes that exist, each pair once; lists of two values are none", () => {
  const graph = { a: node(), b: node({ x: ["a", 0], y: ["a", 1], z: ["gone", 0], colours: [1.5, "red"], self: ["b", 0] }) };
  expect(linksOf(graph)).toEqual([{ from: "a", to: "b" }]);
});

test("a node stands right of all that feed it, and what nothing feeds next to what it feeds", () => {
  const columns = columnsOf(Object.keys(flux), linksOf(flux));
  expect(Object.fromEntries(columns)).toEqual({ loader: 0, text: 1, guide: 2, size: 2, sampler: 3, decode: 4 });
});

test("boxes do not lie on each other, and links go from left to right", () => {
  const { boxes, links, width, height } = draw(flux, (id) => (id === "sampler" ? 140 : 60));
  for (const a of boxes) {
    expect(a.x).toBeGreaterThan(0);
    expect(a.y).toBeGreaterThan(0);
    expect(a.x + a.width).toBeLessThan(width);
    expect(a.y + a.height).toBeLessThan(height);
    for (const b of boxes) {
      if (a !== b && a.x === b.x) expect(a.y + a.height <= b.y || b.y + b.height <= a.y).toBe(true);
    }
  }
  for (const { from, to } of links) expect(at(boxes, from).x).toBeLessThan(at(boxes, to).x);
});

test("a link over several columns passes no box between", () => {
  const { boxes, links } = draw(flux, tall);
  const long = links.find((l) => l.from === "loader" && l.to === "decode")?.path ?? "";
  // It runs straight through a column on the line from a bend's in to its out: "... x y L x2 y2".
  const bends = [...long.matchAll(/ (\d+) (\d+)L(\d+) (\d+)/g)].map((m) => ({ x: Number(m[1]), y: Number(m[2]) }));
  expect(bends).toHaveLength(3);
  for (const bend of bends) {
    for (const b of boxes.filter((b) => b.x === bend.x)) expect(bend.y <= b.y || bend.y >= b.y + b.height).toBe(true);
  }
});

test("a chain is one straight line", () => {
  const { boxes } = draw({ a: node(), b: node({ x: ["a", 0] }), c: node({ x: ["b", 0] }) }, tall);
  expect(new Set(boxes.map((b) => b.y)).size).toBe(1);
});

test("a circle, nodes without links and an empty graph are drawn all the same", () => {
  expect(draw({ a: node({ x: ["b", 0] }), b: node({ x: ["a", 0] }), alone: node() }, tall).boxes).toHaveLength(3);
  expect(draw({}, tall)).toEqual({ boxes: [], links: [], width: 0, height: 0 });
});

test("a graph of 400 nodes is laid out within a frame or two", () => {
  const graph: Graph = {};
  for (let i = 0; i < 400; i++) graph[i] = node(i > 0 ? { a: [String(Math.floor(i / 2)), 0], b: [String(Math.max(0, i - 7)), 0] } : {});
  const began = performance.now();
  expect(draw(graph, tall).boxes).toHaveLength(400);
  expect(performance.now() - began).toBeLessThan(2000); // of a busy machine
});
