import { expect, test } from "vitest";
import { swiped } from "./swipe";

test("a swipe is long and level", () => {
  expect(swiped(-90, 10)).toBe(-1);
  expect(swiped(90, -30)).toBe(1);
  expect(swiped(40, 0)).toBe(0);
  expect(swiped(90, 60)).toBe(0);
  expect(swiped(5, 200)).toBe(0);
});
