import { describe, expect, test } from "vitest";
import { justify, moved, ratioOf, rowOf } from "./layout";

const square = { width: 1024, height: 1024 };
const wide = { width: 1600, height: 900 };
const tall = { width: 768, height: 1344 };
const sound = { width: null, height: null };

describe("justify", () => {
  test.each([
    ["squares", Array(37).fill(square)],
    ["a mixture", Array.from({ length: 53 }, (_, i) => [square, wide, tall, sound][i % 4] as typeof square)],
    ["one", [wide]],
  ])("rows of %s fill the width, keep ratios and hold every item once", (_, items) => {
    const rows = justify(items, 1000, 220, 8);
    expect(rows.flatMap((r) => r.widths.map((_w, i) => r.start + i))).toEqual(items.map((_i, n) => n));
    rows.forEach((row, n) => {
      const sum = row.widths.reduce((a, b) => a + b) + 8 * (row.widths.length - 1);
      if (n < rows.length - 1) expect(sum).toBeCloseTo(1000, 6);
      else expect(sum).toBeLessThanOrEqual(1000 + 1e-6);
      row.widths.forEach((w, i) => {
        expect(w / row.height).toBeCloseTo(ratioOf(items[row.start + i] as typeof square), 9);
      });
      const next = rows[n + 1];
      if (next) expect(next.top).toBeCloseTo(row.top + row.height + 8, 9);
    });
  });

  test("rows stay near the target, and the last one is not blown up", () => {
    const rows = justify([...Array(40).fill(square), tall], 1000, 220, 8);
    for (const row of rows) expect(row.height).toBeGreaterThan(120);
    for (const row of rows) expect(row.height).toBeLessThan(330);
    expect(rows.at(-1)?.height).toBeLessThanOrEqual(220);
  });

  test("what is extreme is held, nothing and no room give no rows, a phone shows one wide picture in a row", () => {
    expect(ratioOf({ width: 10_000, height: 10 })).toBe(3.2);
    expect(ratioOf({ width: 10, height: 10_000 })).toBe(0.45);
    expect(justify([], 1000, 220, 8)).toEqual([]);
    expect(justify([square], 0, 220, 8)).toEqual([]);
    expect(justify([wide, wide], 343, 220, 8).map((r) => r.widths.length)).toEqual([1, 1]);
  });

  test("10,000 items take a few milliseconds", () => {
    const items = Array.from({ length: 10_000 }, (_, i) => [square, wide, tall][i % 3] as typeof square);
    const began = performance.now();
    const rows = justify(items, 1400, 220, 8);
    expect(performance.now() - began).toBeLessThan(250); // a generous bound for a busy machine
    expect(rowOf(rows, 9999)).toBe(rows.length - 1);
    expect(rowOf(rows, 0)).toBe(0);
  });
});

describe("moved", () => {
  const rows = justify([square, square, square, square, wide, wide, square], 432, 100, 8); // 4 squares, 2 wide + 1
  test.each([
    [0, "ArrowLeft", 0],
    [0, "ArrowRight", 1],
    [3, "ArrowRight", 4],
    [6, "ArrowRight", 6],
    [0, "ArrowDown", 4],
    [3, "ArrowDown", 6],
    [6, "ArrowUp", 3],
    [1, "ArrowUp", 1],
    [5, "ArrowDown", 5],
    [5, "Home", 0],
    [0, "End", 6],
    [6, "PageUp", 3],
  ])("from %i %s leads to %i", (from, key, to) => {
    expect(rows.map((r) => r.widths.length)).toEqual([4, 3]);
    expect(moved(rows, 7, from, key, 8)).toBe(to);
  });
});
