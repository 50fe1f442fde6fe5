import { describe, expect, test } from "vitest";
import type { Input } from "@/api/types";
import type { Value } from "@/components/ParameterControls/values";
import { asCommand, asCurl } from "./command";
import { Draft, keyOf } from "./draft";
import { build, fieldName, type Order, valuesOf } from "./request";

const inputs: Input[] = [
  { name: "prompt", type: "text", role: "prompt", required: true },
  { name: "negative", type: "text", role: "negative", required: false, default: "blurry" },
  { name: "image", type: "image", role: "image", required: true },
  { name: "overlay", type: "image", required: false },
  { name: "mask", type: "mask", role: "mask", required: false },
  { name: "steps", type: "int", min: 1, max: 50, required: false, default: 20 },
  { name: "turbo", type: "bool", required: false, default: true },
  { name: "seed", type: "seed", role: "seed", min: -1, max: "18446744073709551615", required: false, default: -1 },
  { name: "lora", type: "list<model>", role: "lora", required: false },
];
const photo = { ref: "f1", from: "file" as const, name: "my photo.png" };

const order = (values: Record<string, Value>, more: Partial<Order> = {}): Order => ({
  workflow: "w",
  inputs,
  batch: false,
  get: (i) => values[i.name],
  character: "",
  count: 1,
  sweep: [],
  zip: false,
  ...more,
});

describe("a request", () => {
  test("has what was changed and nothing else", () => {
    expect(build(order({ prompt: "fox", image: photo })).request).toEqual({ workflow_id: "w", prompt: "fox", input_image: "f1" });
  });
  test("has every kind of value in its place", () => {
    const all = build(
      order(
        {
          prompt: "fox",
          negative: "",
          image: photo,
          overlay: { ...photo, ref: "f2" },
          mask: { ...photo, ref: "m" },
          steps: 7,
          turbo: false,
          seed: "18446744073709551615",
          lora: ["a", "b"],
        },
        {
          character: "milan",
          count: 3,
          sweep: [
            { name: "steps", text: " 10,20 " },
            { name: "cfg", text: "" },
          ],
          zip: true,
        },
      ),
    );
    expect(all.problems).toEqual([]);
    expect(all.request).toEqual({
      workflow_id: "w",
      character_id: "milan",
      prompt: "fox",
      negative: "",
      input_image: "f1",
      mask: "m",
      inputs: { overlay: "f2" },
      params: { steps: 7, turbo: false, seed: "18446744073709551615", lora: ["a", "b"] },
      count: 3,
      sweep: { steps: "10,20" },
    });
  });
  test("runs once per picture where the workflow can", () => {
    const two = order({ prompt: "x", image: [photo, { ...photo, ref: "f9" }] }, { batch: true });
    expect(build(two).request.input_images).toEqual(["f1", "f9"]);
  });
  test("says what is missing before the server is asked", () => {
    expect(build(order({ seed: "12x" })).problems.map((p) => p.name)).toEqual(["prompt", "image", "seed"]);
    expect(build(order({ image: photo }, { sweep: [{ name: "prompt", text: '["a","b"]' }] })).problems).toEqual([]);
  });
  test("is read back into the form it came from, with the seed that was drawn", () => {
    const values = { prompt: "fox", image: { ref: "f1", from: "file" as const, name: "" }, steps: 7 };
    const { request } = build(order(values, { character: "milan" }));
    const read = valuesOf(request, "18446744073709551615", inputs);
    expect(read.character).toBe("milan");
    expect(Object.fromEntries(read.values.map(([i, v]) => [i.name, v]))).toEqual({ ...values, seed: "18446744073709551615" });
  });
  test.each([
    ["params.steps", "steps"],
    ["input_image", "image"],
    ["sweep.cfg", "cfg"],
    ["mask", "mask"],
  ])("the server's field %s is %s", (field, name) => {
    expect(fieldName(field, inputs)).toBe(name);
  });
});

describe("copied", () => {
  const request = build(
    order({ prompt: "it's a fox", image: photo, steps: 7, lora: ["a b", "c"], seed: "18446744073709551615" }, { count: 2 }),
  ).request;
  test("as a command, quoted for a shell, with the user's names of files", () => {
    expect(asCommand(request, { image: photo })).toBe(
      `easel generate w 'it'\\''s a fox' --image 'my photo.png' --steps=7 --seed=18446744073709551615 --lora='a b' --lora=c --count 2`,
    );
  });
  test("a sweep is a batch, and a prompt that looks like a flag is said by its flag", () => {
    const swept = build(order({ prompt: "-x", image: photo }, { sweep: [{ name: "steps", text: "1,2" }] })).request;
    expect(asCommand(swept, {})).toBe("easel batch w --prompt -x --image f1 --sweep steps=1,2");
  });
  test("as curl", () => {
    expect(asCurl({ workflow_id: "w", prompt: "it's" }, "http://h", true)).toBe(
      `curl -H "Authorization: Bearer $EASEL_KEY" -d '{"workflow_id":"w","prompt":"it'\\''s"}' http://h/api/v1/generate`,
    );
  });
});

describe("a draft", () => {
  const storage = () => {
    const m = new Map<string, string>();
    return { getItem: (k: string) => m.get(k) ?? null, setItem: (k: string, v: string) => void m.set(k, v) };
  };
  test("outlives a reload, and another tab begins with it but for the sitting", () => {
    const [tab, next] = [storage(), storage()];
    const a = new Draft({ tab, next });
    a.set(keyOf("w", { name: "steps" }), 7);
    a.setFixed("workflow", "w");
    a.addSitting(["j1"]);
    a.save();
    const reloaded = new Draft({ tab, next });
    expect([reloaded.get("p:w:steps"), reloaded.fixed("sitting")]).toEqual([7, ["j1"]]);
    const other = new Draft({ tab: storage(), next });
    expect([other.get("p:w:steps"), other.fixed("workflow"), other.fixed("sitting")]).toEqual([7, "w", []]);
  });
  test("texts and pictures go along to another workflow, numbers do not", () => {
    expect(keyOf("a", { name: "text", role: "prompt" })).toBe(keyOf("b", { name: "prompt", role: "prompt" }));
    expect(keyOf("a", { name: "steps" })).not.toBe(keyOf("b", { name: "steps" }));
  });
  test("tells only those who look at what changed", () => {
    const d = new Draft(undefined);
    const heard: string[] = [];
    d.subscribe("a", () => heard.push("a"));
    d.subscribe("b", () => heard.push("b"));
    d.subscribe("", () => heard.push("all"));
    d.set("a", "x");
    d.set("a", "x");
    expect(heard).toEqual(["a", "all"]);
  });
  test("drops what a workflow has no more, and names it", () => {
    const d = new Draft(undefined);
    d.set("p:w:old", 1);
    d.set("p:w:steps", 2);
    d.set("p:other:old", 3);
    expect(d.prune("w", new Set(["steps"]))).toEqual(["old"]);
    expect([d.get("p:w:old"), d.get("p:w:steps"), d.get("p:other:old")]).toEqual([undefined, 2, 3]);
  });
  test("broken storage is no draft", () => {
    const tab = storage();
    tab.setItem("easel.generate", "{");
    expect(new Draft({ tab, next: storage() }).fixed("count")).toBe(1);
  });
});
