import { act, cleanup, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { toast, toasts } from "./toast";
import { Toaster } from "./toaster";
import { TooltipProvider } from "./tooltip";

beforeEach(() => {
  vi.useFakeTimers();
  render(
    <TooltipProvider>
      <button type="button">Page</button>
      <Toaster />
    </TooltipProvider>,
  );
});
afterEach(() => {
  cleanup();
  for (const { id } of toasts.shown()) toasts.dismiss(id);
  vi.useRealTimers();
});

const say = (text: string, within?: number) => act(() => toast.done(text, { label: "Undo", onClick: () => {}, within }));
const pass = (ms: number) => act(() => vi.advanceTimersByTime(ms));
const button = (name: string) => screen.getByRole("button", { name });

test("what is said twice is shown once, and for its whole time again", () => {
  act(() => toast.failed(new Error("The disk is full")));
  pass(7000);
  act(() => toast.failed(new Error("The disk is full")));
  expect(screen.getAllByText("The disk is full")).toHaveLength(1);
  pass(7000);
  expect(screen.queryByText("The disk is full")).not.toBeNull();
  pass(1001);
  expect(screen.queryByText("The disk is full")).toBeNull();
});

test("a toast stays while the focus is on it, and gives the focus back when it goes", () => {
  say("Deleted");
  button("Page").focus();
  act(() => button("Undo").focus());
  pass(60_000);
  act(() => button("Undo").click());
  expect(screen.queryByText("Deleted")).toBeNull();
  expect(document.activeElement).toBe(button("Page"));
});

test("what can be taken back for a time only is gone after it, and takes no focus with it", () => {
  say("Deleted", 8000);
  button("Page").focus();
  act(() => button("Undo").focus());
  pass(8001);
  expect(screen.queryByText("Deleted")).toBeNull();
  expect(document.activeElement).toBe(button("Page"));
});

test("of many toasts the newest three are shown", () => {
  for (const text of ["one", "two", "three", "four"]) say(text);
  expect(toasts.shown().map((shown) => shown.text)).toEqual(["four", "three", "two"]);
});
