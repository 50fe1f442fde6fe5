import { useSyncExternalStore } from "react";
import type { Value } from "@/components/ParameterControls/values";
import { draftSlot } from "./first";

// What was typed on the Generate page: kept over reloads in the tab (sessionStorage), and for the next tab
// (localStorage). Texts, pictures and the character go along when another workflow is chosen; other values belong
// to their workflow.

export interface SweepLine {
  name: string;
  text: string;
}

interface Fixed {
  workflow: string;
  automatic: string; // the workflow, while nobody chose it
  character: string;
  count: number;
  sweep: SweepLine[];
  zip: boolean;
  sitting: string[]; // ids of this sitting's jobs, newest first
}

const initial: Fixed = { workflow: "", automatic: "", character: "", count: 1, sweep: [], zip: false, sitting: [] };
const shared = new Set(["prompt", "negative", "image", "mask"]);
const slot = draftSlot;
const mostSitting = 200;
const saveAfter = 200;

/** keyOf is where a value of a workflow is kept. */
export const keyOf = (workflow: string, input: { name: string; role?: string }) =>
  input.role && shared.has(input.role) ? `role:${input.role}` : `p:${workflow}:${input.name}`;

type Stores = { tab: Pick<Storage, "getItem" | "setItem">; next: Pick<Storage, "getItem" | "setItem"> };

export class Draft {
  private held = new Map<string, unknown>();
  private listeners = new Map<string, Set<() => void>>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private stores: Stores | undefined) {
    const [own, last] = [this.read("tab"), this.read("next")];
    for (const [key, value] of Object.entries(own ?? last ?? {})) {
      if (!own && key === "sitting") continue; // of another tab
      this.held.set(key, value);
    }
  }

  private read(which: keyof Stores): Record<string, unknown> | undefined {
    try {
      const text = this.stores?.[which].getItem(slot);
      const value = text ? JSON.parse(text) : undefined;
      return typeof value === "object" && value !== null ? value : undefined;
    } catch {
      return undefined;
    }
  }

  get(key: string): Value | undefined {
    return this.held.get(key) as Value | undefined;
  }

  set(key: string, value: Value | undefined) {
    if (this.held.get(key) === value) return;
    if (value === undefined) this.held.delete(key);
    else this.held.set(key, value);
    this.tell(key);
  }

  fixed<K extends keyof Fixed>(key: K): Fixed[K] {
    return (this.held.get(key) as Fixed[K] | undefined) ?? initial[key];
  }

  /** setFixed sets a value; a workflow is chosen by it. */
  setFixed<K extends keyof Fixed>(key: K, value: Fixed[K]) {
    if (key === "workflow") this.held.delete("automatic");
    this.held.set(key, value);
    this.tell(key);
  }

  /** addSitting puts new jobs in front of the sitting. */
  addSitting(ids: string[]) {
    const rest = this.fixed("sitting").filter((id) => !ids.includes(id));
    this.setFixed("sitting", [...ids, ...rest].slice(0, mostSitting));
  }

  /** clearWorkflow takes back all that was set for a workflow, texts and pictures too. */
  clearWorkflow(workflow: string) {
    for (const key of [...this.held.keys()]) {
      if (key.startsWith(`p:${workflow}:`) || key.startsWith("role:")) this.set(key, undefined);
    }
    this.setFixed("character", "");
    this.setFixed("sweep", []);
    this.setFixed("count", 1);
  }

  /** prune drops values of parameters that a workflow has no more, and names them. */
  prune(workflow: string, names: Set<string>): string[] {
    const prefix = `p:${workflow}:`;
    const gone = [...this.held.keys()].filter((k) => k.startsWith(prefix) && !names.has(k.slice(prefix.length)));
    for (const key of gone) this.set(key, undefined);
    return gone.map((k) => k.slice(prefix.length));
  }

  subscribe = (key: string, listener: () => void) => {
    const set = this.listeners.get(key) ?? new Set();
    this.listeners.set(key, set.add(listener));
    return () => void set.delete(listener);
  };

  // tell lets those hear who subscribed to the key, or to all keys by "".
  private tell(key: string) {
    for (const listener of [...(this.listeners.get(key) ?? []), ...(this.listeners.get("") ?? [])]) listener();
    clearTimeout(this.timer);
    this.timer = setTimeout(this.save, saveAfter);
  }

  save = () => {
    clearTimeout(this.timer);
    const text = JSON.stringify(Object.fromEntries(this.held));
    try {
      this.stores?.tab.setItem(slot, text);
      this.stores?.next.setItem(slot, text);
    } catch {
      // full, or not allowed: it holds until the page is closed
    }
  };
}

function stores(): Stores | undefined {
  try {
    return { tab: sessionStorage, next: localStorage };
  } catch {
    return undefined;
  }
}

export const draft = new Draft(stores());
if (typeof addEventListener === "function") addEventListener("pagehide", draft.save);

export function useFixed<K extends keyof Fixed>(key: K): Fixed[K] {
  return useSyncExternalStore(
    (on) => draft.subscribe(key, on),
    () => draft.fixed(key),
  );
}
