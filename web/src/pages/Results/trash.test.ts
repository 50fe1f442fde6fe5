import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Problem } from "@/api/problem";
import { patience, Trash } from "./trash";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("what is thrown away is hidden at once and deleted later", async () => {
  const removed: string[] = [];
  const trash = new Trash(async (id) => removed.push(id));
  trash.put(["a", "b"], () => {});
  expect([...trash.ids()]).toEqual(["a", "b"]);
  await vi.advanceTimersByTimeAsync(patience - 1);
  expect(removed).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(removed).toEqual(["a", "b"]);
  expect([...trash.ids()]).toEqual(["a", "b"]);
});

test("what is taken back is shown and never deleted, and what else was thrown away still is", async () => {
  const removed: string[] = [];
  const trash = new Trash(async (id) => removed.push(id));
  const undo = trash.put(["a"], () => {});
  trash.put(["b"], () => {});
  undo();
  undo();
  expect([...trash.ids()]).toEqual(["b"]);
  await vi.advanceTimersByTimeAsync(patience);
  expect(removed).toEqual(["b"]);
});

test("what cannot be deleted comes back with the reason; what is gone already does not", async () => {
  const trash = new Trash(async (id) => {
    if (id === "gone") throw new Problem({ detail: "not found", status: 404 });
    if (id === "kept") throw new Problem({ detail: "the disk is read-only", status: 500 });
  });
  const failed = vi.fn();
  trash.put(["gone", "kept", "fine"], failed);
  await vi.advanceTimersByTimeAsync(patience);
  expect([...trash.ids()]).toEqual(["gone", "fine"]);
  expect(failed).toHaveBeenCalledTimes(1);
  expect(failed.mock.calls[0]?.[0]).toMatchObject({ message: "the disk is read-only" });
});
