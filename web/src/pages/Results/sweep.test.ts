import { expect, test } from "vitest";
import { axesOf, differences, isZip, pointOf, tableOf } from "./sweep";

const at = (sweep: Record<string, string>) => ({ sweep, id: JSON.stringify(sweep) });
const twelve = ["20", "8", "100"].flatMap((steps) => ["euler", "dpmpp", "lcm", "ddim"].map((sampler) => at({ sampler, steps })));

test("axes have their parameters in order; numbers by size, words as they came", () => {
  expect(axesOf(twelve.map((i) => i.sweep))).toEqual([
    { name: "sampler", values: ["euler", "dpmpp", "lcm", "ddim"] },
    { name: "steps", values: ["8", "20", "100"] },
  ]);
  expect(axesOf([])).toEqual([]);
});

test("each result stands where its point is", () => {
  const table = tableOf(twelve, "sampler", "steps");
  expect(table.cells.map((r) => r.length)).toEqual([3, 3, 3, 3]);
  expect(table.cells[1]?.[2]?.[0]?.sweep).toEqual({ sampler: "dpmpp", steps: "100" });
  expect(table.cells.flat().every((c) => c.length === 1)).toBe(true);
});

test("one axis is one row; further axes are fixed; holes are empty and repeats share a cell", () => {
  const seeds = ["1", "2"].flatMap((seed) => [at({ steps: "8", seed }), at({ steps: "20", seed })]);
  expect(tableOf(seeds, undefined, "steps").cells).toEqual([
    [
      [seeds[0], seeds[2]],
      [seeds[1], seeds[3]],
    ],
  ]);
  expect(tableOf(seeds, undefined, "steps", { seed: "2" }).cells).toEqual([[[seeds[2]], [seeds[3]]]]);
  expect(tableOf(seeds.slice(1), "seed", "steps").cells[0]).toEqual([[], [seeds[1]]]);
});

test("points are objects; anything else is no sweep", () => {
  expect(pointOf({ sweep: { steps: 20 } })).toEqual({ steps: "20" });
  for (const sweep of [undefined, null, {}, [], "x"]) expect(pointOf({ sweep })).toBeUndefined();
});

test("paired axes are known by their number of points", () => {
  const paired = [
    { a: "1", b: "x" },
    { a: "2", b: "y" },
  ];
  expect(isZip(axesOf(paired), paired)).toBe(true);
  expect(
    isZip(
      axesOf(twelve.map((i) => i.sweep)),
      twelve.map((i) => i.sweep),
    ),
  ).toBe(false);
});

test("requests differ in what was changed, wherever it stands", () => {
  expect(
    differences([
      { workflow_id: "w", prompt: "a fox", params: { steps: 20, seed: "18446744073709551615" } },
      { workflow_id: "w", prompt: "a fox", params: { steps: 30 }, character_id: "mara" },
    ]),
  ).toEqual([
    { name: "steps", values: ["20", "30"] },
    { name: "seed", values: ["18446744073709551615", null] },
    { name: "character_id", values: [null, "mara"] },
  ]);
});
