import { isList, itemType } from "@/components/ParameterControls/kinds";
import { t } from "@/text";
import { workflows as pageText } from "@/text/en/workflows";
import { asNumber, exact, showValue } from "./exact";

/** An Entry is a workflow as its file has it; numbers above 2^53 are text. */
export interface Entry {
  id: string;
  name: string;
  description: string;
  category: string;
  configurable_params: Record<string, Param>;
}

export interface Param {
  type: string;
  [key: string]: unknown;
}

export const textFields = [
  "label",
  "description",
  "default",
  "min",
  "max",
  "step",
  "unit",
  "group",
  "choices",
  "pattern",
  "max_length",
] as const;
export const flagFields = ["required", "advanced"] as const;
export type TextField = (typeof textFields)[number];
export type FlagField = (typeof flagFields)[number];
export type Fields = Partial<Record<TextField, string> & Record<FlagField, boolean>>;

/** Changes are what was typed over an entry; what is not in them is as it was. */
export interface Changes {
  name?: string;
  description?: string;
  category?: string;
  params: Record<string, Fields>;
}

const numeric = (type: string) => ["int", "float", "seed"].includes(type);

/** fieldsOf are the fields that a parameter's type has. */
export function fieldsOf(param: Param): TextField[] {
  if (numeric(param.type)) return ["label", "unit", "group", "description", "default", "min", "max", "step"];
  if (isFile(param.type)) return ["label", "group", "description"];
  const fields: TextField[] = ["label", "group", "description", "default"];
  if (param.type === "enum" && !param.choices_from) return [...fields, "choices"]; // else they are the server's
  return ["string", "text"].includes(param.type) ? [...fields, "pattern", "max_length"] : fields;
}

const isFile = (type: string) => ["image", "mask", "video", "audio"].includes(itemType(type));

/** fieldText is what a field of the form shows. */
export const fieldText = (param: Param, field: TextField, changed: Fields | undefined): string => changed?.[field] ?? written(param, field);

const written = (param: Param, field: TextField): string =>
  field === "choices" && Array.isArray(param.choices) ? param.choices.join("\n") : showValue(param[field]);

export interface Patch {
  name?: string;
  description?: string;
  category?: string;
  params?: Record<string, Record<string, unknown>>;
}

/** patchOf is what changed, as PATCH takes it, and what is wrong with it by "PARAMETER.FIELD" ("" for the entry's own). */
export function patchOf(entry: Entry, changes: Changes): { patch: Patch; problems: Record<string, string> } {
  const patch: Patch = {};
  const problems: Record<string, string> = {};
  for (const key of ["name", "description", "category"] as const) {
    const typed = changes[key];
    if (typed !== undefined && typed !== entry[key]) patch[key] = typed;
  }
  if (patch.name !== undefined && patch.name.trim() === "") problems[".name"] = t.generate.needed(pageText.name);
  for (const [name, fields] of Object.entries(changes.params)) {
    const param = entry.configurable_params[name];
    if (!param) continue;
    const own: Record<string, unknown> = {};
    for (const field of textFields) {
      const typed = fields[field];
      if (typed === undefined || typed === written(param, field)) continue;
      const read = readField(param, field, typed);
      if ("problem" in read) problems[`${name}.${field}`] = read.problem;
      else own[field] = read.value;
    }
    for (const field of flagFields) {
      if (fields[field] !== undefined && fields[field] !== (param[field] === true)) own[field] = fields[field];
    }
    const [min, max, value] = (["min", "max", "default"] as const).map((f) => {
      const text = asNumber(fieldText(param, f, fields));
      return text === undefined ? undefined : Number(text);
    });
    if (Object.keys(own).length > 0 && numeric(param.type)) {
      if (min !== undefined && max !== undefined && min > max) problems[`${name}.min`] ??= pageText.order;
      else if (
        value !== undefined &&
        ((min !== undefined && value < min) || (max !== undefined && value > max)) &&
        !(param.type === "seed" && value === -1)
      )
        problems[`${name}.default`] ??= pageText.outside;
    }
    const chosen = fieldText(param, "default", fields);
    if (Array.isArray(own.choices) && chosen !== "" && !own.choices.includes(chosen)) problems[`${name}.default`] ??= pageText.noChoice;
    const most = Number(fieldText(param, "max_length", fields) || Infinity);
    if (Object.keys(own).length > 0 && [...chosen].length > most) problems[`${name}.default`] ??= pageText.tooLong(most);
    if (Object.keys(own).length > 0) patch.params = { ...patch.params, [name]: own };
  }
  return { patch, problems };
}

function readField(param: Param, field: TextField, typed: string): { value: unknown } | { problem: string } {
  const number = field === "min" || field === "max" || field === "step" || (field === "default" && numeric(param.type));
  if (number) {
    if (typed.trim() === "") return { value: null };
    const text = asNumber(typed);
    if (text === undefined) return { problem: pageText.numberForm };
    if (param.type !== "float" && !/^-?\d+$/.test(text)) return { problem: pageText.wholeForm };
    if (field === "step" && Number(text) <= 0) return { problem: pageText.stepForm };
    return { value: exact(text) };
  }
  if (field === "choices") {
    const choices = typed
      .split("\n")
      .map((line) => line.trim())
      .filter(Boolean);
    return choices.length > 0 ? { value: [...new Set(choices)] } : { problem: pageText.choicesNeeded };
  }
  if (field === "pattern" && typed !== "" && !expressionOf(typed)) return { problem: pageText.patternForm };
  if (field === "max_length") {
    if (typed.trim() === "") return { value: null };
    return /^[1-9]\d*$/.test(typed.trim()) ? { value: exact(typed.trim()) } : { problem: pageText.wholeForm };
  }
  if (field !== "default") return { value: typed.trim() === "" ? null : typed };
  if (param.type === "bool") return { value: typed === "true" };
  if (isList(param.type)) {
    try {
      return { value: typed.trim() === "" ? null : JSON.parse(typed) };
    } catch {
      return {
        value: typed
          .split(",")
          .map((s) => s.trim())
          .filter(Boolean),
      };
    }
  }
  if (typed === "" && param.type !== "text" && param.type !== "string") return { value: null };
  return { value: typed };
}

// expressionOf is a pattern of the server's (RE2) as far as the browser knows it. Flags and names are written otherwise there.
function expressionOf(pattern: string): RegExp | undefined {
  const plain = pattern
    .replace(/\(\?[a-zA-Z-]+\)/g, "")
    .replace(/\(\?[a-zA-Z-]+:/g, "(?:")
    .replace(/\(\?P</g, "(?<");
  try {
    return new RegExp(plain);
  } catch {
    return undefined;
  }
}

/** problemsOf puts what the server refused at its fields: "params.steps.max" at "steps.max", "params.steps" at "steps.". */
export function problemsOf(
  errors: { field: string; message: string; allowed?: string }[],
  entry: Entry,
): { at: Record<string, string>; rest: string[] } {
  const at: Record<string, string> = {};
  const rest: string[] = [];
  for (const e of errors) {
    const words = e.allowed ? `${e.message}: ${e.allowed}` : e.message;
    const field = e.field.replace(/^body\./, "");
    const path = field.startsWith("params.") ? field.slice("params.".length) : undefined;
    const param = path && Object.keys(entry.configurable_params).find((name) => path === name || path.startsWith(`${name}.`));
    if (param && path) at[`${param}.${path.slice(param.length + 1)}`] = words;
    else if (["name", "description", "category"].includes(field)) at[`.${field}`] = words;
    else rest.push(words);
  }
  return { at, rest };
}

/** isChanged: something differs from the entry. */
export const isChanged = (entry: Entry, changes: Changes) => {
  const { patch, problems } = patchOf(entry, changes);
  return Object.keys(patch).length > 0 || Object.keys(problems).length > 0;
};
