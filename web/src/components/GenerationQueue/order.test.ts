import { expect, test } from "vitest";
import { fold, inOrder, moves } from "./order";

const job = (id: string, position: number | string, batch: string | null = null, priority = 0) => ({
  id,
  position,
  batch_id: batch,
  priority,
  created_at: "2026-01-01T00:00:00Z",
});
const ids = (list: { id: string }[]) => list.map((j) => j.id).join("");

test("what waits stands by priority, then by place, exact above 2^53", () => {
  expect(ids(inOrder([job("a", 3), job("b", 1), job("c", 9, null, 5), job("d", 2)]))).toBe("cbda");
  expect(ids(inOrder([job("a", "9007199254740993"), job("b", "9007199254740992")]))).toBe("ba");
});

test("neighbours of one batch are folded, others are not", () => {
  const groups = fold([job("a", 1, "x"), job("b", 2, "x"), job("c", 3), job("d", 4, "x"), job("e", 5)]);
  expect(groups.map((g) => ids(g.jobs))).toEqual(["ab", "c", "d", "e"]);
});

test("a move names the run that comes after; the end is said by the priority", () => {
  const groups = fold([job("a", 1), job("b", 2, "x"), job("c", 3, "x"), job("d", 4, null, -2)]);
  expect(moves(groups, 2, 0)).toEqual([{ id: "d", body: { before: "a" } }]);
  expect(moves(groups, 1, 0)).toEqual([
    { id: "b", body: { before: "a" } },
    { id: "c", body: { before: "a" } },
  ]);
  expect(moves(groups, 0, 3)).toEqual([{ id: "a", body: { priority: -2 } }]);
  expect(moves(groups, 1, 1)).toEqual([]);
  expect(moves(groups, 1, 2)).toEqual([]);
});
