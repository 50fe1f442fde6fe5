import { expect, test } from "vitest";
import { bytes, count, day, usd } from "./format";

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1 kB"],
  [1_400_000, "1.4 MB"],
  [999_600, "1 MB"],
  [123_456_789, "123 MB"],
  [5_000_000_000_000_000, "5000 TB"],
])("%d bytes are %s", (n, text) => expect(bytes(n)).toBe(text));

test("dollars, and less than a cent", () => {
  expect(usd(1.2)).toBe("$1.20");
  expect(usd(0.004)).toBe("under $0.01");
  expect(usd(0)).toBe("$0.00");
});

test("counts and days", () => {
  expect(count(12_345)).toBe("12,345");
  expect(day("2026-11-27")).toBe("Nov 27, 2026");
});
