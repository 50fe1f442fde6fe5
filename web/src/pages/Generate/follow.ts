import type { Job } from "@/api/client";

interface Heard {
  states: ReadonlyMap<string, Job["state"]>; // of what waits or runs
  moving: ReadonlySet<string>; // what runs and has come a part of its way
}

/**
 * follow is the run of this sitting that is shown by itself: the one that was, as long as it moves, else one that moves, else one that
 * runs. A backend is handed runs ahead, so that of several that run one may wait for another there.
 */
export function follow(sitting: string[], before: string | undefined, { states, moving }: Heard): string | undefined {
  if (before && moving.has(before)) return before;
  return sitting.find((run) => moving.has(run)) ?? sitting.find((run) => states.get(run) === "running") ?? before;
}
