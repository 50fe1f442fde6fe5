import { expect, test } from "vitest";
import type { Input } from "@/api/types";
import { wrongValues } from "./sweep-values";

const input = (type: string, more: Partial<Input> = {}): Input => ({ name: "x", type, required: false, ...more });
const steps = input("int", { min: 1, max: 100 });
const guidance = input("float", { min: 1, max: 10 });
const sampler = input("enum", { choices: ["euler", "heun"], choices_state: "registry" });

test.each([
  [steps, "10,20,30", []],
  [steps, "10, 500 ,0", ["500: at most 100", "0: at least 1"]],
  [steps, "1..999", ["999: at most 100"]],
  [steps, "99:102:2", ["101: at most 100"]],
  [steps, "2.5,x", ["2.5: must be a whole number", "x: must be a whole number"]],
  [steps, "8..1", []],
  [steps, "1..,:,1:2:3:4", []], // half of it is typed
  [steps, "[10, 101", []],
  [steps, "[10, 101]", ["101: at most 100"]],
  [guidance, "0.5:1.5:0.5,10.5", ["0.5: at least 1", "10.5: at most 10"]],
  [sampler, "euler,nosuch", ["nosuch: none of the choices"]],
  [input("enum", { choices: ["a"], choices_state: "live" }), "b", []], // another backend may have it
  [input("text"), "any,thing", []],
] as const)("%o with %s", (of, text, wrong) => {
  expect(wrongValues(of, text)).toEqual(wrong);
});
