import { expect, test } from "vitest";
import { patchOf } from "./edit";

const says = { notNumber: "no number", tooLarge: "too large" };
const entry = {
  name: "Mine",
  description: "d",
  category: "editing",
  configurable_params: {
    steps: { type: "int", default: 20, min: 1, max: 100 },
    prompt: { type: "text", default: "a fox" },
    seed: { type: "seed", default: -1, max: "18446744073709551615" },
  },
};
const fields = { name: "Mine", description: "d", category: "editing" };

test("only what differs is sent, by its type", () => {
  expect(
    patchOf(entry, { ...fields, name: "Ours" }, { steps: { default: "24", min: "1", label: "Steps" }, prompt: { default: "" } }, says),
  ).toEqual({
    body: { name: "Ours", params: { steps: { default: 24, label: "Steps" }, prompt: { default: "" } } },
    errors: {},
  });
  expect(patchOf(entry, fields, { seed: { max: "18446744073709551615" } }, says)).toEqual({ body: {}, errors: {} });
});

test("what is emptied is taken out; what is no number, or not exact, is told", () => {
  expect(patchOf(entry, fields, { steps: { max: "", default: "many" }, seed: { max: "18446744073709551614" } }, says)).toEqual({
    body: { params: { steps: { max: null } } },
    errors: { "params.steps.default": "no number", "params.seed.max": "too large" },
  });
});
