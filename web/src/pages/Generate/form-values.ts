import { events } from "@/api/events";
import type { Character, Input } from "@/api/types";
import type { Value, Values } from "@/components/ParameterControls/values";
import { draft, keyOf } from "./draft";

/** FormValues are the draft as the controls of one workflow see it. */
export class FormValues implements Values {
  private byName: Map<string, Input>;
  character: Character | undefined;

  /** marks outlive the values where the workflow's parameters, or the character's defaults, are others. */
  constructor(
    readonly workflow: string,
    readonly inputs: Input[],
    private marks = new Marks(),
  ) {
    this.byName = new Map(inputs.map((i) => [i.name, i]));
  }

  private key(name: string) {
    return keyOf(this.workflow, this.byName.get(name) ?? { name });
  }

  get(name: string) {
    return draft.get(this.key(name));
  }

  set(name: string, value: Value | undefined) {
    this.setProblem(name, undefined);
    draft.set(this.key(name), value);
    // Another picture has another mask.
    if (this.byName.get(name)?.role === "image") {
      const mask = this.inputs.find((i) => i.role === "mask");
      if (mask) draft.set(this.key(mask.name), undefined);
    }
  }

  subscribe(name: string, listener: () => void) {
    const off = [this.marks.subscribe(name, listener), draft.subscribe(this.key(name), listener)];
    return () => {
      for (const each of off) each();
    };
  }

  baseline(name: string): unknown {
    if (name.startsWith("last:")) return events.job(draft.fixed("sitting")[0] ?? "")?.seed ?? undefined;
    const input = this.byName.get(name);
    const own = this.character?.defaults?.[name];
    if (own !== undefined) return own;
    if (input?.role === "lora_strength") return this.character?.lora_strength ?? input.default ?? 1; // as a LoRA without one is applied
    return input?.default;
  }

  problem(name: string) {
    return this.marks.problems.get(name);
  }

  setProblem(name: string, message: string | undefined) {
    this.marks.set("problems", name, message);
  }

  /** setProblems shows what is wrong and gives the name of the first field that has it. */
  setProblems(list: { name: string; message: string }[]): string | undefined {
    for (const name of [...this.marks.problems.keys()]) if (!list.some((p) => p.name === name)) this.setProblem(name, undefined);
    for (const p of list) this.setProblem(p.name, p.message);
    return list[0]?.name;
  }

  uploading(name: string) {
    return this.marks.uploads.get(name);
  }

  setUploading(name: string, fraction: number | undefined) {
    this.marks.set("uploads", name, fraction);
  }
}

/** Marks are what stands at the fields of a form beside their values: what is wrong with them, and files on their way. */
export class Marks {
  readonly problems = new Map<string, string>();
  readonly uploads = new Map<string, number>();
  private listeners = new Map<string, Set<() => void>>();

  set<K extends "problems" | "uploads">(kind: K, name: string, mark: (K extends "problems" ? string : number) | undefined) {
    const held = this[kind] as Map<string, typeof mark>;
    if (held.get(name) === mark) return;
    if (mark === undefined) held.delete(name);
    else held.set(name, mark);
    for (const listener of [...(this.listeners.get(name) ?? []), ...(this.listeners.get("") ?? [])]) listener();
  }

  /** subscribe lets a listener hear of a field, or of all of them by "". */
  subscribe(name: string, listener: () => void) {
    const set = this.listeners.get(name) ?? new Set();
    this.listeners.set(name, set.add(listener));
    return () => void set.delete(listener);
  }
}
