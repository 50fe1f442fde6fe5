import { events } from "@/api/events";
import type { Character, Input } from "@/api/types";
import type { Value, Values } from "@/components/ParameterControls/values";
import { draft, keyOf } from "./draft";

/** FormValues are the draft as the controls of one workflow see it. */
export class FormValues implements Values {
  private problems = new Map<string, string>();
  private listeners = new Map<string, Set<() => void>>();
  private byName: Map<string, Input>;
  character: Character | undefined;

  constructor(
    readonly workflow: string,
    readonly inputs: Input[],
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
    const set = this.listeners.get(name) ?? new Set();
    this.listeners.set(name, set.add(listener));
    const off = draft.subscribe(this.key(name), listener);
    return () => {
      set.delete(listener);
      off();
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
    return this.problems.get(name);
  }

  setProblem(name: string, message: string | undefined) {
    if (this.problems.get(name) === message) return;
    if (message === undefined) this.problems.delete(name);
    else this.problems.set(name, message);
    for (const listener of this.listeners.get(name) ?? []) listener();
  }

  /** setProblems shows what is wrong and gives the name of the first field that has it. */
  setProblems(list: { name: string; message: string }[]): string | undefined {
    for (const name of [...this.problems.keys()]) if (!list.some((p) => p.name === name)) this.setProblem(name, undefined);
    for (const p of list) this.setProblem(p.name, p.message);
    return list[0]?.name;
  }
}
