// The one stream of events (GET /events): what waits and runs, its progress and previews, and whether the server
// is there. Components read it by the hooks below and are drawn again only for what they read.
import { useSyncExternalStore } from "react";
import { api, ask, authorized, type Job } from "./client";
import { EventParser } from "./event-parser";
import { queryClient } from "./queries";
import { session } from "./session";
import type { Progress } from "./types";

export type Connection = "connecting" | "live" | "away";

interface Snapshot {
  jobs: Job[];
  paused: boolean;
}

const ended = new Set(["succeeded", "failed", "cancelled"]);
export const hasEnded = (job: Pick<Job, "state">) => ended.has(job.state);

const silence = 40_000; // the server says something every 15 s
const firstWait = 500;
const longestWait = 5_000;
const mostKept = 200; // ended jobs that are remembered

class EventStore {
  private jobs = new Map<string, Job>();
  private previews = new Map<string, string>();
  private connection: Connection = "connecting";
  private paused = false;
  private lastEvent = "";
  private active: Job[] = [];
  private states: ReadonlyMap<string, Job["state"]> = new Map();
  private moving: ReadonlySet<string> = new Set();
  private listeners = new Map<string, Set<() => void>>();
  private dirty = new Set<string>();
  private endings = new Set<(job: Job) => void>();
  private abort: AbortController | undefined;
  private wake: (() => void) | undefined;
  private key = session.headers().Authorization;
  private offKey: (() => void) | undefined;

  /** start keeps the stream open until stop; a second call does nothing. */
  start() {
    if (this.abort) return;
    this.abort = new AbortController();
    void this.run(this.abort.signal);
    this.offKey = session.subscribe(this.keyChanged);
    addEventListener("online", this.hurry);
    document.addEventListener("visibilitychange", this.hurry);
  }

  stop() {
    this.abort?.abort();
    this.abort = undefined;
    this.offKey?.();
    removeEventListener("online", this.hurry);
    document.removeEventListener("visibilitychange", this.hurry);
  }

  // The stream tells what its key may see: another key has another.
  private keyChanged = () => {
    const key = session.headers().Authorization;
    if (key === this.key || session.isDenied()) return;
    this.key = key;
    this.stop();
    this.start();
  };

  /** hurry tries again at once. */
  hurry = () => this.wake?.();

  onEnded(listener: (job: Job) => void) {
    this.endings.add(listener);
    return () => void this.endings.delete(listener);
  }

  subscribe = (topic: string, listener: () => void) => {
    const set = this.listeners.get(topic) ?? new Set();
    this.listeners.set(topic, set.add(listener));
    return () => void set.delete(listener);
  };

  job = (id: string) => this.jobs.get(id);
  preview = (id: string) => this.previews.get(id);
  getConnection = () => this.connection;
  isPaused = () => this.paused;
  getActive = () => this.active;
  getStates = () => this.states;
  getMoving = () => this.moving;
  /** percent is how far the run is that began first, 0 to 100; undefined while none runs. */
  percent = () => {
    const running = this.active.find((j) => j.state === "running");
    return running && Math.round(((running.progress as Progress | null)?.fraction ?? 0) * 100);
  };

  /** put takes a job that an answer of the API told about, such as one that was just queued. */
  put(job: Job) {
    const known = this.jobs.get(job.id);
    if (known && hasEnded(known) && !hasEnded(job) && known.attempt >= job.attempt && job.state !== "queued") return;
    this.jobs.set(job.id, job);
    if (hasEnded(job)) this.previews.delete(job.id);
    this.changed(`job ${job.id}`, "active");
    if (hasEnded(job) && known && !hasEnded(known)) {
      for (const listener of this.endings) listener(job);
    }
    this.forget();
  }

  /** drop forgets a job that was deleted. */
  drop(id: string) {
    this.jobs.delete(id);
    this.previews.delete(id);
    this.changed(`job ${id}`, "active");
  }

  setPaused(paused: boolean) {
    this.paused = paused;
    this.changed("paused");
  }

  private forget() {
    if (this.jobs.size < mostKept * 4) return;
    const old = [...this.jobs.values()].filter(hasEnded);
    for (const job of old.slice(0, Math.max(0, old.length - mostKept))) this.jobs.delete(job.id);
  }

  // changed tells listeners once per frame, however many events came.
  private changed(...topics: string[]) {
    const first = this.dirty.size === 0;
    for (const topic of topics) this.dirty.add(topic);
    if (first) queueMicrotask(this.flush);
  }

  private flush = () => {
    const topics = [...this.dirty];
    this.dirty.clear();
    if (topics.includes("active")) {
      this.active = [...this.jobs.values()].filter((j) => !hasEnded(j));
      const same = this.active.length === this.states.size && this.active.every((j) => this.states.get(j.id) === j.state);
      if (!same) {
        this.states = new Map(this.active.map((j) => [j.id, j.state]));
        topics.push("states");
      }
      const moving = this.active.filter((j) => j.state === "running" && ((j.progress as Progress | null)?.fraction ?? 0) > 0);
      if (moving.length !== this.moving.size || moving.some((j) => !this.moving.has(j.id))) {
        this.moving = new Set(moving.map((j) => j.id));
        topics.push("moving");
      }
    }
    for (const topic of topics) for (const listener of [...(this.listeners.get(topic) ?? [])]) listener();
  };

  private setConnection(connection: Connection) {
    if (this.connection === connection) return;
    this.connection = connection;
    this.changed("connection");
  }

  private async run(signal: AbortSignal) {
    let wait = firstWait;
    while (!signal.aborted) {
      try {
        await this.read(signal, () => {
          wait = firstWait;
        });
      } catch {
        // the stream was cut, or nobody answered: told by the connection's state
      }
      if (signal.aborted) return;
      if (session.isDenied()) {
        await new Promise<void>((resolve) => {
          const off = session.subscribe(() => {
            off();
            resolve();
          });
        });
        continue;
      }
      this.setConnection("away");
      await new Promise<void>((resolve) => {
        this.wake = resolve;
        setTimeout(resolve, wait);
      });
      wait = Math.min(wait * 1.7, longestWait);
    }
  }

  private async read(signal: AbortSignal, alive: () => void) {
    const stream = new AbortController();
    const stop = () => stream.abort();
    signal.addEventListener("abort", stop);
    let watchdog = setTimeout(stop, silence);
    try {
      const headers: Record<string, string> = { Accept: "text/event-stream" };
      if (this.lastEvent) headers["Last-Event-ID"] = this.lastEvent;
      const response = await authorized("/api/v1/events", { headers, signal: stream.signal, cache: "no-store" });
      if (!response.ok || !response.body) {
        if (response.status === 400) this.lastEvent = "";
        throw new Error(`${response.status}`);
      }
      const parser = new EventParser();
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        clearTimeout(watchdog);
        watchdog = setTimeout(stop, silence);
        for (const event of parser.push(value)) {
          if (event.id) this.lastEvent = event.id;
          if (event.type === "snapshot") alive();
          this.take(event.type, JSON.parse(event.data));
        }
      }
    } finally {
      clearTimeout(watchdog);
      signal.removeEventListener("abort", stop);
      stream.abort();
    }
  }

  private take(type: string, message: { job_id?: string; data?: unknown; image?: string } & Partial<Snapshot>) {
    const id = message.job_id ?? "";
    switch (type) {
      case "snapshot":
        this.snapshot(message as Snapshot);
        break;
      case "state":
        void this.refresh(id, (message.data as { state: Job["state"] }).state);
        break;
      case "progress": {
        const job = this.jobs.get(id);
        if (job && !hasEnded(job)) {
          this.jobs.set(id, { ...job, progress: message.data as Progress });
          this.changed(`job ${id}`, "active");
        }
        break;
      }
      case "preview":
        if (message.image) {
          this.previews.set(id, message.image); // one per job: the old one is garbage
          this.changed(`preview ${id}`);
        }
        break;
      case "queue":
        this.setPaused((message.data as { paused: boolean }).paused);
        break;
    }
  }

  private snapshot(s: Snapshot) {
    const alive = new Set(s.jobs.map((j) => j.id));
    for (const job of [...this.jobs.values()]) {
      // What ended while the stream was away.
      if (!hasEnded(job) && !alive.has(job.id)) void this.refresh(job.id);
    }
    for (const job of s.jobs) this.jobs.set(job.id, job);
    this.paused = s.paused;
    const away = this.connection === "away";
    this.setConnection("live");
    this.changed("active", "paused", ...s.jobs.map((j) => `job ${j.id}`));
    if (away) void queryClient.invalidateQueries();
  }

  /** refresh asks for a job whose state changed: events say that, and not all of it. */
  private async refresh(id: string, state?: Job["state"]) {
    const known = this.jobs.get(id);
    if (known && state && !ended.has(state)) {
      this.jobs.set(id, { ...known, state, error: null, progress: state === "queued" ? null : known.progress });
      this.changed(`job ${id}`, "active");
    }
    try {
      this.put(await ask(api.GET("/api/v1/jobs/{id}", { params: { path: { id } } })));
    } catch (error) {
      if ((error as { status?: number }).status === 404) this.drop(id);
    }
  }
}

export const events = new EventStore();

/** useJob is a job as the events have it, undefined while nothing was heard of it. */
export function useJob(id: string | undefined): Job | undefined {
  return useSyncExternalStore(
    (on) => (id ? events.subscribe(`job ${id}`, on) : () => {}),
    () => (id ? events.job(id) : undefined),
  );
}

/** useHasPreview is whether a running job has a preview; each of them is shown by components/OutputView/preview.tsx. */
export const useHasPreview = (id: string) =>
  useSyncExternalStore(
    (on) => events.subscribe(`preview ${id}`, on),
    () => events.preview(id) !== undefined,
  );

/** useActiveJobs are the jobs that wait or run. */
export const useActiveJobs = () => useSyncExternalStore((on) => events.subscribe("active", on), events.getActive);

/** useActiveStates are the states of the jobs that wait or run; unlike useActiveJobs it does not change with their progress. */
export const useActiveStates = () => useSyncExternalStore((on) => events.subscribe("states", on), events.getStates);

/** useMoving are the ids of the runs that have come a part of their way: of those handed to a backend ahead, one waits there. */
export const useMoving = () => useSyncExternalStore((on) => events.subscribe("moving", on), events.getMoving);

/** usePercent is how far the run is that began first; undefined while none runs. */
export const usePercent = () => useSyncExternalStore((on) => events.subscribe("active", on), events.percent);

export const useConnection = () => useSyncExternalStore((on) => events.subscribe("connection", on), events.getConnection);

export const usePaused = () => useSyncExternalStore((on) => events.subscribe("paused", on), events.isPaused);
