import { expect, test } from "vitest";
import { chordOf } from "./shortcuts";

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
