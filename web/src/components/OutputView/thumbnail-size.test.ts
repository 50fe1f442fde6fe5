import { expect, test } from "vitest";
import { thumbnailSize } from "./thumbnail-size";

test("a thumbnail is asked for as large as it is drawn, in few sizes", () => {
  expect(thumbnailSize(240, 240, 1)).toBe(256);
  expect(thumbnailSize(140, 280, 1)).toBe(256);
  expect(thumbnailSize(350, 240, 1)).toBe(384);
  expect(thumbnailSize(110, 90, 1)).toBe(128);
  expect(thumbnailSize(240, 240, 2)).toBe(512);
  expect(thumbnailSize(240, 240, 3)).toBe(512);
  expect(thumbnailSize(2000, 900, 1)).toBe(768);
});
