import type { Job } from "@/api/client";

type Placed = Pick<Job, "id" | "priority" | "batch_id" | "created_at"> & { position?: number | string };

const compare = (a: Placed, b: Placed): number => {
  if (a.priority !== b.priority) return b.priority - a.priority;
  const [p, q] = [BigInt(a.position ?? 0), BigInt(b.position ?? 0)]; // above 2^53 they are text
  if (p !== q) return p < q ? -1 : 1;
  return a.created_at < b.created_at ? -1 : a.created_at > b.created_at ? 1 : 0;
};

/** inOrder is what waits, next first. */
export const inOrder = <T extends Placed>(jobs: T[]): T[] => [...jobs].sort(compare);

/** A Group is a run, or runs of one batch that stand together. */
export interface Group<T> {
  id: string;
  jobs: T[];
}

/** fold puts the neighbours of one batch together. */
export function fold<T extends Pick<Job, "id" | "batch_id">>(jobs: T[]): Group<T>[] {
  const groups: Group<T>[] = [];
  for (const job of jobs) {
    const last = groups[groups.length - 1];
    if (job.batch_id && last?.jobs[0]?.batch_id === job.batch_id) last.jobs.push(job);
    else groups.push({ id: job.id, jobs: [job] });
  }
  return groups;
}

export interface Move {
  id: string;
  body: { before: string } | { priority: number };
}

/** moves are the requests that put a group before another place of the list, which may be its end. */
export function moves<T extends Placed>(groups: Group<T>[], from: number, to: number): Move[] {
  const moving = groups[from];
  if (!moving || to === from || to === from + 1 || to < 0 || to > groups.length) return [];
  const before = groups[to]?.jobs[0];
  if (before) return moving.jobs.map((job) => ({ id: job.id, body: { before: before.id } }));
  // At the end: a priority that is set puts a run behind all others that have it.
  const last = groups[groups.length - 1]?.jobs[0];
  return last ? moving.jobs.map((job) => ({ id: job.id, body: { priority: last.priority } })) : [];
}
