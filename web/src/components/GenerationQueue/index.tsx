import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { ListOrdered } from "lucide-react";
import { type ReactNode, useState } from "react";
import { api, ask, type Job } from "@/api/client";
import { events, useActiveJobs, useConnection } from "@/api/events";
import { queries, queryClient } from "@/api/queries";
import { Waiting } from "@/app/waiting";
import { queue as pageText } from "@/text/en/queue";
import { Button, buttonLook } from "@/ui/button";
import { Empty, Failed } from "@/ui/empty";
import { toast } from "@/ui/toast";
import { fold, type Group, inOrder, moves } from "./order";
import { type QueueActions, QueueRow } from "./row";
import { WaitingRuns } from "./waiting";

/** GenerationQueue is what runs, what waits in its order, and what failed with its reason. */
export function GenerationQueue() {
  const active = useActiveJobs();
  const workflows = useQuery(queries.workflows);
  const ended = useQuery(queries.jobs({ status: ["failed", "cancelled"], limit: 200 }));
  const queue = useQuery(queries.queue);
  const heard = useConnection() !== "connecting"; // of what runs and waits
  const navigate = useNavigate();
  const name = (id: string) => workflows.data?.find((w) => w.id === id)?.name ?? id;

  const queued = active.filter((j) => j.state === "queued");
  const running = active.filter((j) => j.state === "running");
  const waiting = fold(inOrder(queued));
  // What was tried again is in the list until it is asked for anew.
  const failed = fold((ended.data?.jobs ?? []).filter((j) => !active.some((a) => a.id === j.id)));
  const unseen = useUnseen(Number(queue.data?.counts.queued ?? 0) - queued.length, heard ? queue.dataUpdatedAt : 0);

  const each = async (jobs: Job[], act: (job: Job) => Promise<unknown>) => {
    try {
      for (const job of jobs) await act(job);
    } catch (error) {
      toast.failed(error);
    }
    await queryClient.invalidateQueries({ queryKey: ["jobs"] });
  };
  const place = (id: string, body: { before?: string; first?: boolean; priority?: number }) =>
    ask(api.POST("/api/v1/jobs/{id}/priority", { params: { path: { id } }, body })).then((job) => events.put(job));
  const onMove = async (from: number, to: number) => {
    try {
      for (const m of moves(waiting, from, to)) await place(m.id, m.body);
    } catch (error) {
      toast.failed(error);
    }
  };
  const actions: QueueActions = {
    cancel: (jobs) => {
      const batch = jobs.length > 1 ? jobs[0]?.batch_id : undefined;
      if (batch) void each(jobs.slice(0, 1), () => ask(api.POST("/api/v1/batches/{id}/cancel", { params: { path: { id: batch } } })));
      else void each(jobs, async (j) => events.put(await ask(api.POST("/api/v1/jobs/{id}/cancel", { params: { path: { id: j.id } } }))));
    },
    retry: (jobs) =>
      void each(jobs, async (j) => events.put(await ask(api.POST("/api/v1/jobs/{id}/retry", { params: { path: { id: j.id } } })))),
    remove: (jobs) =>
      void each(jobs, async (j) => {
        await ask(api.DELETE("/api/v1/jobs/{id}", { params: { path: { id: j.id } } }));
        events.drop(j.id);
      }),
    settings: (job) => void navigate({ to: "/generate", search: { job: job.id } }),
    move: (group: Group<Job>, to) => {
      const jobs = to === "first" ? [...group.jobs].reverse() : group.jobs;
      void each(jobs, (j) => place(j.id, to === "first" ? { first: true } : { priority: j.priority }));
    },
    prioritise: (jobs, by) => void each(jobs, (j) => place(j.id, { priority: Math.max(-100, Math.min(100, j.priority + by)) })),
  };
  const clear = async () => {
    try {
      const { jobs } = await ask(api.POST("/api/v1/queue/clear", { body: { states: ["failed", "cancelled"] } }));
      toast.done(pageText.cleared(jobs));
    } catch (error) {
      toast.failed(error);
    }
    await queryClient.invalidateQueries({ queryKey: ["jobs"] });
  };

  if (running.length + waiting.length + failed.length === 0) {
    if (ended.error && !ended.data) return <Failed error={ended.error} onRetry={() => void ended.refetch()} />;
    if (!ended.data || !heard) return <Waiting />;
    return (
      <Empty icon={<ListOrdered />} title={pageText.empty} hint={pageText.emptyHint}>
        <Link to="/generate" className={buttonLook({ look: "primary" })}>
          {pageText.emptyAction}
        </Link>
      </Empty>
    );
  }
  return (
    <div className="grid grid-cols-1 gap-6">
      {running.length > 0 && (
        <Section title={pageText.running} count={running.length}>
          <ul className="divide-y divide-line">
            {running.map((job) => (
              <li key={job.id}>
                <QueueRow group={{ id: job.id, jobs: [job] }} name={name} actions={actions} />
              </li>
            ))}
          </ul>
        </Section>
      )}
      {waiting.length > 0 && (
        <Section title={pageText.waiting} count={waiting.reduce((n, g) => n + g.jobs.length, unseen)}>
          <WaitingRuns groups={waiting} name={name} actions={actions} onMove={onMove} />
          {unseen > 0 && <p className="py-2 text-muted">{pageText.more(unseen)}</p>}
        </Section>
      )}
      {failed.length > 0 && (
        <Section
          title={pageText.ended}
          count={failed.reduce((n, g) => n + g.jobs.length, 0)}
          action={
            <Button size="sm" look="quiet" onClick={() => void clear()}>
              {pageText.clear}
            </Button>
          }
        >
          <ul className="divide-y divide-line">
            {failed.map((group) => (
              <li key={group.id}>
                <QueueRow group={group} name={name} actions={actions} />
              </li>
            ))}
          </ul>
        </Section>
      )}
    </div>
  );
}

/** useUnseen is how many runs wait beyond those that are known. It is of the moment of the answer: a run that starts after it is no unseen one. */
function useUnseen(beyond: number, answered: number): number {
  const [unseen, setUnseen] = useState({ answered: 0, n: 0 });
  if (answered !== unseen.answered) setUnseen({ answered, n: Math.max(0, beyond) });
  return unseen.n;
}

function Section({ title, count, action, children }: { title: string; count: number; action?: ReactNode; children: ReactNode }) {
  return (
    <section aria-label={title}>
      <header className="flex min-h-8 items-center gap-2 border-line border-b">
        <h2 className="font-semibold">{title}</h2>
        <span className="flex-1 text-muted">{count}</span>
        {action}
      </header>
      {children}
    </section>
  );
}
