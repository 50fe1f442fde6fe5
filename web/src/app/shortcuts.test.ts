import { renderHook } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { chordOf, startShortcuts, useShortcuts } from "./shortcuts";

test.each([
  [{ key: "Enter", ctrlKey: true }, "mod+enter"],
  [{ key: "Enter", metaKey: true }, "mod+enter"],
  [{ key: "Z", ctrlKey: true, shiftKey: true }, "mod+shift+z"],
  [{ key: "?", shiftKey: true }, "?"],
  [{ key: "ArrowUp", shiftKey: true }, "shift+arrowup"],
  [{ key: "3", altKey: true }, "alt+3"],
])("%o is %s", (init, chord) => {
  expect(chordOf(new KeyboardEvent("keydown", init))).toBe(chord);
});

test("Enter and Space on a button or a link are its own, wherever they are bound for the page", () => {
  const ran = vi.fn();
  renderHook(() => useShortcuts([" ", "enter"].map((keys) => ({ keys, label: "", group: "page", run: ran }))));
  const off = startShortcuts();
  document.body.innerHTML = `<button type="button"><span>x</span></button><a href="/queue">y</a><div tabindex="0"></div>`;
  const press = (selector: string, key: string) =>
    document.querySelector(selector)?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  for (const key of [" ", "Enter"]) {
    expect(press("button", key), `${key} is left to the button`).toBe(true);
    expect(press("span", key)).toBe(true);
    expect(press("a", key)).toBe(true);
  }
  expect(ran).not.toHaveBeenCalled();
  expect(press("div", "Enter"), "what does nothing itself").toBe(false);
  expect(ran).toHaveBeenCalledTimes(1);
  off();
});

test("a chord for fields works beside a popover of the page, and not behind a dialog", () => {
  const ran = vi.fn();
  const { unmount } = renderHook(() => useShortcuts([{ keys: "mod+enter", label: "", group: "page", inFields: true, run: ran }]));
  const off = startShortcuts();
  const press = (over: string) => {
    document.body.innerHTML = `<div role="dialog" data-state="open" ${over}><input></div>`;
    document.querySelector("input")?.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true, bubbles: true }));
  };
  press("");
  expect(ran).toHaveBeenCalledTimes(1);
  press("data-modal");
  expect(ran).toHaveBeenCalledTimes(1);
  off();
  unmount();
});
