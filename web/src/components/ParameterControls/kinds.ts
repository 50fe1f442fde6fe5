import type { Input } from "@/api/types";

export type Kind = "slider" | "number" | "seed" | "switch" | "choice" | "model" | "models" | "line" | "text" | "file" | "files";

const fileTypes = new Set(["image", "mask", "video", "audio"]);

/** itemType is what a list is of, or the type itself: "list<model>" is "model". */
export const itemType = (type: string) => /^list<(.+)>$/.exec(type)?.[1] ?? type;
export const isList = (type: string) => type.startsWith("list<");
export const isFile = (input: Pick<Input, "type">) => fileTypes.has(itemType(input.type));

/** kindOf is the control that a parameter gets. */
export function kindOf(input: Input): Kind {
  const item = itemType(input.type);
  if (fileTypes.has(item)) return isList(input.type) ? "files" : "file";
  if (item === "model") return isList(input.type) ? "models" : "model";
  if (isList(input.type)) return "line";
  switch (item) {
    case "seed":
      return "seed";
    case "bool":
      return "switch";
    case "enum":
      return "choice";
    case "text":
      return "text";
    case "int":
    case "float": {
      const { min, max } = rangeOf(input);
      return Number.isFinite(min) && Number.isFinite(max) && max - min <= 100_000 ? "slider" : "number";
    }
    default:
      return "line";
  }
}

/** rangeOf is the range and step of a number; what the registry does not say is unbounded. */
export function rangeOf(input: Input): { min: number; max: number; step: number } {
  const min = input.min === undefined ? -Infinity : Number(input.min);
  const max = input.max === undefined ? Infinity : Number(input.max);
  if (Number(input.step) > 0) return { min, max, step: Number(input.step) };
  if (itemType(input.type) === "int") return { min, max, step: 1 };
  if (input.role === "lora_strength") return { min, max, step: 0.05 };
  const span = max - min;
  return { min, max, step: Number.isFinite(span) && span <= 2 ? 0.01 : span <= 30 ? 0.1 : 0.5 };
}

/** slidable is the range of the slider: of a LoRA's strength the part that is of use, where the registry allows more. */
export function slidable(input: Input): { min: number; max: number } {
  const { min, max } = rangeOf(input);
  return input.role === "lora_strength" && max - min > 4 ? { min: Math.max(min, 0), max: Math.min(max, 2) } : { min, max };
}

/** lacks reports whether the backend says that it does not have a model. Folders are left aside: they differ from one to another. */
export function lacks(input: Pick<Input, "choices" | "choices_state">, name: string): boolean {
  const base = (path: string) => path.toLowerCase().replace(/^.*[\\/]/, "");
  return input.choices_state === "live" && !input.choices?.some((c) => base(c) === base(name));
}

const abbreviations = new Map([
  ["lora", "LoRA"],
  ...["cfg", "clip", "fps", "id", "url", "vae"].map((word) => [word, word.toUpperCase()] as const),
]);

/** labelOf names a parameter: by its label, or by its own name as words, "lora_strength" as "LoRA strength". */
export function labelOf({ label, name }: Pick<Input, "label" | "name">): string {
  if (label) return label;
  const words = name.replace(/_/g, " ").replace(/[a-z]+/g, (word) => abbreviations.get(word) ?? word);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export interface Layout {
  texts: Input[]; // prompt, then negative
  files: Input[];
  size: { width: Input; height: Input } | undefined;
  groups: { name: string; inputs: Input[] }[];
  advanced: Input[];
}

/** layOut sorts a workflow's inputs into the parts of the form, each in the order of the registry. */
export function layOut(inputs: Input[]): Layout {
  const role = (r: string) => inputs.find((i) => i.role === r);
  const texts = [role("prompt"), role("negative")].filter((i) => i !== undefined);
  const files = inputs.filter(isFile).sort((a, b) => Number(a.role === "mask") - Number(b.role === "mask"));
  const [width, height] = [role("width"), role("height")];
  const size = width && height ? { width, height } : undefined;
  const placed = new Set<Input>([...texts, ...files, ...(size ? [size.width, size.height] : [])]);
  const groups: Layout["groups"] = [];
  const advanced: Input[] = [];
  for (const input of inputs) {
    if (placed.has(input)) continue;
    if (input.advanced) {
      advanced.push(input);
      continue;
    }
    const name = input.group ?? (input.role?.startsWith("lora") ? "LoRA" : input.role === "seed" ? "Sampling" : "");
    const group = groups.find((g) => g.name === name);
    if (group) group.inputs.push(input);
    else groups.push({ name, inputs: [input] });
  }
  return { texts, files, size, groups, advanced };
}
