import { expect, test } from "vitest";
import { asNumber, exact, readValue, showValue, writeExact } from "./exact";
import { type Entry, patchOf, problemsOf } from "./patch";

const entry: Entry = {
  id: "x",
  name: "X",
  description: "",
  category: "generation",
  configurable_params: {
    steps: { type: "int", label: "Steps", min: 1, max: 50, default: 20 },
    cfg: { type: "float", default: 4.5 },
    seed: { type: "seed", default: -1, min: -1, max: "18446744073709551615" },
    prompt: { type: "text", default: "a cat" },
    sampler: { type: "enum", default: "euler", choices: ["euler", "heun"] },
    tiled: { type: "bool", default: false },
    loras: { type: "list<model>" },
  },
};
const params = (p: Record<string, object>) => patchOf(entry, { params: p });

test("only what changed is sent; what is emptied is taken out", () => {
  expect(params({ steps: { label: "Steps", max: "60", min: "", unit: "steps" } }).patch).toEqual({
    params: { steps: { max: exact("60"), min: null, unit: "steps" } },
  });
  expect(params({ steps: { label: "Steps" } }).patch).toEqual({});
  expect(patchOf(entry, { name: "X", description: "new", params: {} }).patch).toEqual({ description: "new" });
});

test("defaults are of their type", () => {
  const { patch } = params({
    cfg: { default: "3,5" },
    prompt: { default: "" },
    sampler: { default: "" },
    tiled: { default: "true", advanced: true },
    loras: { default: "a.safetensors, b.safetensors" },
  });
  expect(patch.params).toEqual({
    cfg: { default: exact("3.5") },
    prompt: { default: "" },
    sampler: { default: null },
    tiled: { default: true, advanced: true },
    loras: { default: ["a.safetensors", "b.safetensors"] },
  });
});

test.each([
  [{ steps: { max: "many" } }, "steps.max"],
  [{ steps: { default: "2.5" } }, "steps.default"],
  [{ steps: { min: "60" } }, "steps.min"],
  [{ sampler: { choices: " " } }, "sampler.choices"],
  [{ sampler: { choices: "heun" } }, "sampler.default"],
  [{ prompt: { pattern: "(" } }, "prompt.pattern"],
  [{ prompt: { max_length: "0" } }, "prompt.max_length"],
  [{ steps: { default: "51" } }, "steps.default"],
  [{ steps: { step: "-1" } }, "steps.step"],
  [{ cfg: { step: "0" } }, "cfg.step"],
  [{ prompt: { max_length: "4" } }, "prompt.default"],
])("%o is told at %s", (change, at) => {
  expect(Object.keys(params(change).problems)).toEqual([at]);
});

test("choices, pattern and length of a text", () => {
  expect(params({ sampler: { choices: "euler\n heun \n\nddim" }, prompt: { pattern: "^a", max_length: "300" } }).patch.params).toEqual({
    sampler: { choices: ["euler", "heun", "ddim"] },
    prompt: { pattern: "^a", max_length: exact("300") },
  });
  expect(params({ sampler: { choices: "euler\nheun" } }).patch).toEqual({});
  expect(params({ prompt: { pattern: "(?i)(?P<animal>a (?s:.)*)" } }).problems).toEqual({});
  expect(params({ prompt: { max_length: "" } }).patch).toEqual({});
});

test("a seed of -1 is in every range, and an empty name is told", () => {
  expect(params({ seed: { min: "0" } }).problems).toEqual({});
  expect(patchOf(entry, { name: " ", params: {} }).problems).toHaveProperty([".name"]);
});

test("numbers go out exact to the digit", () => {
  expect(writeExact(params({ seed: { default: "18446744073709551615" } }).patch)).toBe(
    '{"params":{"seed":{"default":18446744073709551615}}}',
  );
  expect(writeExact({ text: 'number:1 "quoted"', n: exact("1.50") })).toBe('{"text":"number:1 \\"quoted\\"","n":1.50}');
});

test.each([
  ["0,5", "0.5"],
  ["+3", "3"],
  [".5", "0.5"],
  ["-.5", "-0.5"],
  ["3.", "3"],
  ["1e3", "1e3"],
  ["007", undefined],
  ["", undefined],
  ["x", undefined],
  ["1,2,3", undefined],
])("asNumber(%o) is %o", (text, want) => expect(asNumber(text)).toBe(want));

test.each([
  ["true", true],
  ["euler", "euler"],
  ["[1, 2]", [1, 2]],
  ["[broken", "[broken"],
  ["", ""],
])("readValue(%o)", (text, want) => {
  expect(readValue(text)).toEqual(want);
  expect(readValue(showValue(want))).toEqual(want);
});

test("what the server refused stands at its field", () => {
  const got = problemsOf(
    [
      { field: "params.steps", message: "default is above max", allowed: "1 to 10" },
      { field: "params.cfg.min", message: "no number" },
      { field: "body.name", message: "too long" },
      { field: "params.gone", message: "no such parameter" },
    ],
    entry,
  );
  expect(got).toEqual({
    at: { "steps.": "default is above max: 1 to 10", "cfg.min": "no number", ".name": "too long" },
    rest: ["no such parameter"],
  });
});
