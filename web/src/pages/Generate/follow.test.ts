import { expect, test } from "vitest";
import { follow } from "./follow";

const running = (...ids: string[]) => new Map(ids.map((id) => [id, "running" as const]));

test.each([
  ["one that moves comes before one that waits at the backend", undefined, running("a", "b"), ["b"], "b"],
  ["the one that is shown stays while it moves", "b", running("a", "b"), ["a", "b"], "b"],
  ["it gives way once it ended", "b", running("a"), ["a"], "a"],
  ["nothing moves yet", undefined, running("b"), [], "b"],
  ["the last one stays when all ended", "b", running(), [], "b"],
  ["runs of other pages are not followed", undefined, running("x"), ["x"], undefined],
])("%s", (_, before, states, moving, shown) => {
  expect(follow(["a", "b"], before, { states, moving: new Set(moving) })).toBe(shown);
});
