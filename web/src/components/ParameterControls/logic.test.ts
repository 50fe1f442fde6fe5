import { describe, expect, test } from "vitest";
import type { Input } from "@/api/types";
import { kindOf, labelOf, lacks, layOut, rangeOf } from "./kinds";
import { drawSeed, isDrawn, seedProblem, seedRange } from "./seed";
import { ratioOf, sized } from "./size";

const input = (name: string, more: Partial<Input> = {}): Input => ({ name, type: "int", required: false, ...more });

test.each<[Partial<Input>, string]>([
  [{ type: "int", min: 1, max: 50 }, "slider"],
  [{ type: "float", min: 0, max: 1 }, "slider"],
  [{ type: "int", min: 0 }, "number"],
  [{ type: "int", min: 0, max: "18446744073709551615" }, "number"],
  [{ type: "seed", max: "18446744073709551615" }, "seed"],
  [{ type: "list<model>" }, "models"],
  [{ type: "list<image>" }, "files"],
  [{ type: "mask" }, "file"],
  [{ type: "enum" }, "choice"],
  [{ type: "size" }, "line"],
])("%o is a %s", (more, kind) => {
  expect(kindOf(input("x", more))).toBe(kind);
});

test.each<[Partial<Input>, string, boolean]>([
  [{ choices_state: "live", choices: ["a.safetensors"] }, "b.safetensors", true],
  [{ choices_state: "live", choices: ["sd/A.safetensors"] }, "other\\a.safetensors", false],
  [{ choices_state: "live" }, "a.safetensors", true],
  [{ choices_state: "unreachable" }, "a.safetensors", false],
  [{ choices_state: "registry", choices: [] }, "a.safetensors", false],
])("%o lacks %s: %s", (more, name, want) => {
  expect(lacks(input("checkpoint", { type: "model", ...more }), name)).toBe(want);
});

test.each<[Partial<Input>, number]>([
  [{ type: "int", min: 0, max: 9 }, 1],
  [{ type: "int", min: 64, max: 2048, step: 16 }, 16],
  [{ type: "float", min: 0, max: 1 }, 0.01],
  [{ type: "float", min: 1, max: 20 }, 0.1],
  [{ type: "float" }, 0.5],
])("the step of %o is %d", (more, step) => {
  expect(rangeOf(input("x", more)).step).toBe(step);
});

test("a form reads top to bottom: texts, files with the mask last, size, groups, advanced", () => {
  const l = layOut([
    input("steps", { group: "Sampling" }),
    input("mask", { type: "mask", role: "mask" }),
    input("negative", { type: "text", role: "negative" }),
    input("prompt", { type: "text", role: "prompt" }),
    input("image", { type: "image", role: "image" }),
    input("width", { role: "width" }),
    input("height", { role: "height" }),
    input("seed", { type: "seed", role: "seed" }),
    input("sampler", { type: "enum", advanced: true }),
    input("lora", { type: "list<model>", role: "lora" }),
  ]);
  const names = (list: Input[]) => list.map((i) => i.name);
  expect(names(l.texts)).toEqual(["prompt", "negative"]);
  expect(names(l.files)).toEqual(["image", "mask"]);
  expect(l.size && names([l.size.width, l.size.height])).toEqual(["width", "height"]);
  expect(l.groups.map((g) => [g.name, names(g.inputs)])).toEqual([
    ["Sampling", ["steps", "seed"]],
    ["LoRA", ["lora"]],
  ]);
  expect(names(l.advanced)).toEqual(["sampler"]);
});

test.each([
  [{ name: "cfg", label: "Prompt strength" }, "Prompt strength"],
  [{ name: "lora_strength" }, "LoRA strength"],
  [{ name: "cfg" }, "CFG"],
  [{ name: "number_of_steps" }, "Number of steps"],
])("%o is called %s", (input, name) => {
  expect(labelOf(input)).toBe(name);
});

describe("seeds", () => {
  const whole = seedRange({ min: -1, max: "18446744073709551615" });
  test("are drawn from the whole range, exact to the digit", () => {
    expect(drawSeed(whole, () => 18446744073709551615n)).toBe("18446744073709551615");
    expect(drawSeed({ min: 5n, max: 9n }, () => 14n)).toBe("9");
    const drawn = BigInt(drawSeed(whole));
    expect(drawn >= 0n && drawn <= whole.max).toBe(true);
  });
  test.each([
    ["18446744073709551615", undefined],
    ["18446744073709551616", "range"],
    ["12x", "form"],
    ["-5", "form"],
    ["-1", undefined],
    ["", undefined],
  ])("%s: %s", (text, problem) => {
    expect(seedProblem(text, whole)).toBe(problem);
  });
  test("-1 and nothing ask for a drawn one", () => {
    expect([-1, "-1", "", undefined, null, "0", 7].map(isDrawn)).toEqual([true, true, true, true, true, false, false]);
  });
});

describe("sizes", () => {
  const limits = { minWidth: 256, maxWidth: 2048, minHeight: 256, maxHeight: 2048, step: 16 };
  test.each([
    ["1:1", 1024, 1024, 1024, 1024],
    ["16:9", 1024, 1024, 1360, 768],
    ["9:16", 1024, 1024, 768, 1360],
    ["21:9", 2048, 2048, 2048, 880],
  ])("%s of %dx%d is %dx%d", (ratio, w, h, width, height) => {
    expect(sized(ratio, w, h, limits)).toEqual({ width, height });
  });
  test.each([
    [1360, 768, "16:9"],
    [1024, 1024, "1:1"],
    [832, 1248, "2:3"],
    [1000, 700, undefined],
  ])("%dx%d is %s", (w, h, ratio) => {
    expect(ratioOf(w, h)).toBe(ratio);
  });
});
