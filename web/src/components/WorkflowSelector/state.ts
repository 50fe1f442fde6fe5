import { useQueries, useQuery } from "@tanstack/react-query";
import type { Schemas } from "@/api/client";
import { queries } from "@/api/queries";
import type { Workflow } from "@/api/types";

export type Ready = Schemas["ReadyWorkflow"];

/** A Standing is how one workflow stands on one backend. */
export interface Standing {
  backend: string;
  ready?: Ready; // undefined: not known (yet, or the backend does not answer)
  asking: boolean;
  error: unknown;
}

/** useStandings is what each backend says of each workflow. */
export function useStandings(): { of: (id: string) => Standing[]; none: boolean } {
  const backends = useQuery(queries.backends);
  const names = [...new Set(backends.data?.map((b) => b.name) ?? [])];
  const answers = useQueries({ queries: names.map((n) => queries.readiness(n)) });
  return {
    none: backends.data?.length === 0,
    of: (id) =>
      names.map((backend, i) => ({
        backend,
        ready: answers[i]?.data?.find((w) => w.id === id),
        asking: answers[i]?.isPending ?? true,
        error: answers[i]?.error,
      })),
  };
}

export type State = "ready" | "lacking" | "unknown";

/** stateOf is how a workflow stands in a word: ready when it runs on one backend; else the fewest things that one lacks. */
export function stateOf(standings: Standing[]): { state: State; missing: number } {
  const told = standings.map((s) => s.ready).filter((r): r is Ready => r !== undefined && r.ready !== null);
  if (told.some((r) => r.ready)) return { state: "ready", missing: 0 };
  if (told.length === 0) return { state: "unknown", missing: 0 };
  return { state: "lacking", missing: Math.min(...told.map((r) => r.missing.length)) };
}

export type Show = "" | "ready" | "lacking" | "own";

/** shown keeps the workflows of a state. */
export function shown(list: Workflow[], show: Show, sources: Record<string, string>, of: (id: string) => Standing[]): Workflow[] {
  if (show === "") return list;
  if (show === "own") return list.filter((w) => sources[w.id] === "user");
  return list.filter((w) => stateOf(of(w.id)).state === show);
}
