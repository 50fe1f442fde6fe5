import type { GenerateRequest } from "@/api/client";
import type { Input } from "@/api/types";
import { isFile, kindOf, labelOf } from "@/components/ParameterControls/kinds";
import { isDrawn, seedProblem, seedRange } from "@/components/ParameterControls/seed";
import { type Picture, picturesOf, type Value } from "@/components/ParameterControls/values";
import { t } from "@/text";
import type { SweepLine } from "./draft";

export interface Order {
  workflow: string;
  inputs: Input[];
  batch: boolean; // the workflow runs once per picture
  get: (input: Input) => Value | undefined;
  character: string;
  count: number;
  sweep: SweepLine[];
  zip: boolean;
}

export interface Built {
  request: GenerateRequest;
  problems: { name: string; message: string }[]; // by parameter, before the server is asked
}

/** build makes the request of what was set: only what was changed is sent, so that a character's defaults hold. */
export function build(o: Order): Built {
  const request: GenerateRequest = { workflow_id: o.workflow };
  const problems: Built["problems"] = [];
  const params: Record<string, unknown> = {};
  const files: Record<string, string> = {};
  const swept = new Set(o.sweep.filter((s) => s.text.trim()).map((s) => s.name));
  for (const input of o.inputs) {
    const value = o.get(input);
    if (isFile(input)) {
      const refs = picturesOf(value).map((p) => p.ref);
      if (refs.length === 0) {
        if (input.required && !swept.has(input.name)) problems.push({ name: input.name, message: t.generate.needed(labelOf(input)) });
      } else if (input.role === "mask") request.mask = refs[0];
      else if (input.role === "image" && refs.length > 1 && o.batch) request.input_images = refs;
      else if (input.role === "image") request.input_image = refs[0];
      else files[input.name] = refs[0] as string;
      continue;
    }
    if (input.role === "prompt" || input.role === "negative") {
      const role = input.role as "prompt" | "negative";
      if (typeof value === "string" && (value !== "" || input.role === "negative")) request[role] = value;
      else if (input.required && !swept.has(input.name)) problems.push({ name: input.name, message: t.generate.needed(labelOf(input)) });
      continue;
    }
    if (value === undefined) continue;
    if (kindOf(input) === "seed") {
      const range = seedRange(input);
      const wrong = seedProblem(String(value), range);
      if (wrong)
        problems.push({
          name: input.name,
          message: wrong === "form" ? t.generate.seedForm : t.generate.seedRange(String(range.min), String(range.max)),
        });
      else if (!isDrawn(value)) params[input.name] = String(value).trim();
      continue;
    }
    if (Array.isArray(value) ? value.length > 0 : value !== "") params[input.name] = value;
  }
  if (o.character) request.character_id = o.character;
  if (Object.keys(files).length > 0) request.inputs = files;
  if (Object.keys(params).length > 0) request.params = params;
  if (o.count > 1) request.count = o.count;
  const sweep = Object.fromEntries(o.sweep.filter((s) => s.name && s.text.trim()).map((s) => [s.name, s.text.trim()]));
  if (Object.keys(sweep).length > 0) {
    Object.assign(request, { sweep });
    if (o.zip && Object.keys(sweep).length > 1) Object.assign(request, { zip: true });
  }
  return { request, problems };
}

/** fieldName is the parameter that a problem of the server is about: "params.steps" and "input_image" have names of their own here. */
export function fieldName(field: string, inputs: Input[]): string {
  const bare = field.replace(/^(params|inputs|sweep)\./, "");
  if (bare === "input_image" || bare === "input_images") return inputs.find((i) => i.role === "image")?.name ?? bare;
  return bare;
}

/** valuesOf reads a request back into a form's values, with the seed of the run that it made. */
export function valuesOf(
  request: GenerateRequest,
  seed: string | null | undefined,
  inputs: Input[],
): { values: [Input, Value][]; character: string } {
  const values: [Input, Value][] = [];
  const picture = (ref: string | undefined): Picture | undefined =>
    ref ? { ref, from: /^https?:/.test(ref) ? "url" : "file", name: /^https?:/.test(ref) ? ref : "" } : undefined;
  for (const input of inputs) {
    const add = (value: Value | undefined) => value !== undefined && values.push([input, value]);
    if (isFile(input)) {
      const ref =
        input.role === "image" ? (request.input_image ?? request.input_images?.[0]) : input.role === "mask" ? request.mask : undefined;
      add(picture(ref ?? request.inputs?.[input.name]));
    } else if (input.role === "prompt") add(request.prompt);
    else if (input.role === "negative") add(request.negative);
    else if (kindOf(input) === "seed") add(seed ?? (request.params?.[input.name] as Value | undefined));
    else add(request.params?.[input.name] as Value | undefined);
  }
  return { values, character: request.character_id ?? "" };
}
