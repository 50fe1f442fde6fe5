import { expect, test } from "vitest";
import { placeOf } from "./place";

test.each([
  ["out/fox.png", "fox.png", "out"],
  ["/srv/out/2026/fox.png", "2026/fox.png", "/srv/out"],
  ["s3://bucket/pictures/fox.png", "fox.png", "s3://bucket/pictures"],
  ["/fox.png", "fox.png", "/"],
  ["fox.png", "fox.png", "."],
  ["elsewhere", "fox.png", "elsewhere"],
])("%s is stored in its place", (path, name, place) => expect(placeOf(path, name)).toBe(place));
