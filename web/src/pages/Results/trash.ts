// Deleting that can be undone: a result disappears at once and is deleted on the server when nobody took it back.
import { useSyncExternalStore } from "react";
import { api, ask, authorized } from "@/api/client";

export const patience = 8_000; // ms to take it back

interface Deletion {
  ids: string[];
  timer: ReturnType<typeof setTimeout>;
}

type Remove = (id: string) => Promise<unknown>;

const removeOutput: Remove = (id) => ask(api.DELETE("/api/v1/outputs/{id}", { params: { path: { id } } }));

/** Trash holds what is deleted but can be taken back. */
export class Trash {
  private waiting = new Set<Deletion>();
  private hidden: ReadonlySet<string> = new Set();
  private listeners = new Set<() => void>();

  constructor(private remove: Remove = removeOutput) {}

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };

  /** ids are those that are not to be shown. */
  ids = () => this.hidden;

  /** put hides results and deletes them later; the function that it returns takes them back. */
  put(ids: string[], failed: (error: unknown) => void): () => void {
    const deletion: Deletion = { ids, timer: setTimeout(() => void this.empty(deletion, failed), patience) };
    this.waiting.add(deletion);
    this.show(new Set([...this.hidden, ...ids]));
    return () => {
      if (!this.waiting.delete(deletion)) return;
      clearTimeout(deletion.timer);
      this.show(new Set([...this.hidden].filter((id) => !ids.includes(id))));
    };
  }

  /** leave deletes at once what waits: the page is closed, and a request that outlives it is sent. */
  leave = () => {
    for (const { ids, timer } of this.waiting) {
      clearTimeout(timer);
      for (const id of ids) void authorized(`/api/v1/outputs/${id}`, { method: "DELETE", keepalive: true }).catch(() => {});
    }
    this.waiting.clear();
  };

  // What could not be deleted is shown again; what was deleted stays hidden, since lists may still have it.
  private async empty(deletion: Deletion, failed: (error: unknown) => void) {
    this.waiting.delete(deletion);
    const left: string[] = [];
    let why: unknown;
    for (const id of deletion.ids) {
      try {
        await this.remove(id);
      } catch (error) {
        if ((error as { status?: number }).status === 404) continue; // deleted elsewhere
        left.push(id);
        why = error;
      }
    }
    if (left.length === 0) return;
    this.show(new Set([...this.hidden].filter((id) => !left.includes(id))));
    failed(why);
  }

  private show(hidden: ReadonlySet<string>) {
    this.hidden = hidden;
    for (const listener of this.listeners) listener();
  }
}

export const trash = new Trash();
globalThis.addEventListener?.("pagehide", trash.leave);

export const useHidden = () => useSyncExternalStore(trash.subscribe, trash.ids);
