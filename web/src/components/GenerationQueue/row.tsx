import { ChevronRight, Clock, Ellipsis, GripVertical, RotateCcw, TriangleAlert, X } from "lucide-react";
import { type ReactNode, useState } from "react";
import type { Job } from "@/api/client";
import { useJob } from "@/api/events";
import { inWords, pageHint } from "@/api/hint";
import type { JobError, Progress as RunProgress } from "@/api/types";
import { useLabels } from "@/components/OutputView/labels";
import { Preview } from "@/components/OutputView/preview";
import { OutputThumbnail } from "@/components/OutputView/thumbnail";
import { t } from "@/text";
import { duration } from "@/text/duration";
import { queue as pageText } from "@/text/en/queue";
import { Badge } from "@/ui/badge";
import { Button, IconButton } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Menu, type MenuItem } from "@/ui/menu";
import { Progress } from "@/ui/progress";
import type { Group } from "./order";

export interface QueueActions {
  cancel: (jobs: Job[]) => void;
  retry: (jobs: Job[]) => void;
  remove: (jobs: Job[]) => void;
  settings: (job: Job) => void;
  move: (group: Group<Job>, to: "first" | "last") => void;
  prioritise: (jobs: Job[], by: number) => void;
}

interface RowProps {
  group: Group<Job>;
  name: (workflow: string) => string;
  actions: QueueActions;
  handle?: ReactNode; // to drag it by
  className?: string;
  inBatch?: boolean; // its batch says the workflow
}

/** QueueRow is a run, or a batch that opens into its runs. */
export function QueueRow({ group, name, actions, handle, className, inBatch }: RowProps) {
  const [open, setOpen] = useState(false);
  const many = group.jobs.length > 1;
  const first = group.jobs[0] as Job;
  const { label } = useLabels(first.sweep ? first.workflow_id : "");
  const point = many ? "" : pointText(first, label);
  return (
    <>
      <div className={cx("flex min-h-15 items-center gap-3 py-2", className)}>
        {handle}
        <Thumb job={first} count={group.jobs.length} />
        <div className="min-w-0 flex-1">
          <p className="truncate">{first.prompt || <span className="text-muted">{pageText.noPrompt}</span>}</p>
          <p className="flex min-w-0 items-center gap-x-2 text-muted text-sm">
            <span className="truncate">{[!(inBatch && point) && name(first.workflow_id), point].filter(Boolean).join(" · ")}</span>
            {many && <Badge>{pageText.batch(group.jobs.length)}</Badge>}
            {first.priority !== 0 && <Badge look="accent">{pageText.priority(first.priority)}</Badge>}
            {first.attempt > 1 && <span className="whitespace-nowrap">{pageText.attempt(first.attempt)}</span>}
          </p>
          {first.state === "running" && !many && <Running id={first.id} />}
          {(first.state === "failed" || first.state === "cancelled") && <Reason job={first} />}
        </div>
        {many && (
          <IconButton label={open ? pageText.fold : pageText.unfold} aria-expanded={open} onClick={() => setOpen(!open)}>
            <ChevronRight className={cx("transition-transform", open && "rotate-90")} />
          </IconButton>
        )}
        <Actions group={group} actions={actions} />
      </div>
      {open && (
        <ul className="mb-2 ml-6 border-line border-l pl-3">
          {group.jobs.map((job) => (
            <li key={job.id}>
              <QueueRow group={{ id: job.id, jobs: [job] }} name={name} actions={actions} inBatch />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

// pointText says where a run stands in its sweep.
const pointText = (job: Job, label: (parameter: string) => string) =>
  Object.entries((job.sweep ?? {}) as Record<string, string>)
    .map(([k, v]) => `${label(k)} ${v}`)
    .join(", ");

function Thumb({ job, count }: { job: Job; count: number }) {
  const output = job.outputs[0];
  return (
    <div
      className={cx(
        "relative grid size-11 shrink-0 place-items-center overflow-hidden rounded-md bg-sunken text-muted [&_svg]:size-5",
        count > 1 && "shadow-[3px_3px_0_-1px_var(--color-line)]",
      )}
    >
      {output ? (
        <OutputThumbnail output={output} compact />
      ) : (
        <Preview id={job.id} place="queue" className="size-full object-cover">
          {job.state === "failed" ? <TriangleAlert className="text-bad" /> : job.state === "cancelled" ? <X /> : <Clock />}
        </Preview>
      )}
    </div>
  );
}

function Running({ id }: { id: string }) {
  const job = useJob(id);
  const p = job?.progress as RunProgress | null | undefined;
  return (
    <div className="flex flex-wrap items-center gap-x-3 pt-1">
      <Progress value={p?.fraction} label={t.generate.progress} className="min-w-32 max-w-80 flex-1" />
      <span className="max-w-full truncate text-muted text-sm">
        {[
          p?.message ?? p?.node ?? t.generate.starting,
          p && p.steps > 0 ? `${p.step}/${p.steps}` : "",
          p?.eta_ms ? t.generate.left(duration(p.eta_ms)) : "",
          job?.backend ? pageText.onBackend(job.backend) : "",
        ]
          .filter(Boolean)
          .join(" · ")}
      </span>
    </div>
  );
}

function Reason({ job }: { job: Job }) {
  const error = job.error as JobError | null;
  if (job.state === "cancelled") return <p className="text-muted text-sm">{t.generate.cancelled}</p>;
  const hint = pageHint(error?.hint, error?.parameter);
  return (
    <>
      <p className="break-words text-bad text-sm">{error?.message ? inWords(error.message) : t.generate.failed}</p>
      {hint && <p className="break-words text-muted text-sm">{hint}</p>}
    </>
  );
}

function Actions({ group, actions }: { group: Group<Job>; actions: QueueActions }) {
  const first = group.jobs[0] as Job;
  const many = group.jobs.length > 1;
  const settings: MenuItem = { label: pageText.settings, onSelect: () => actions.settings(first) };
  if (first.state === "failed" || first.state === "cancelled") {
    return (
      <>
        <Button size="sm" onClick={() => actions.retry(group.jobs)}>
          <RotateCcw />
          <span className="sr-only phone:not-sr-only">{many ? pageText.retryAll(group.jobs.length) : pageText.retry}</span>
        </Button>
        <MoreMenu items={[settings, { label: pageText.remove, danger: true, onSelect: () => actions.remove(group.jobs) }]} />
      </>
    );
  }
  const waiting = first.state === "queued";
  return (
    <>
      <MoreMenu
        items={[
          ...(waiting
            ? [
                { label: pageText.first, onSelect: () => actions.move(group, "first") },
                { label: pageText.last, onSelect: () => actions.move(group, "last") },
                null,
                { label: pageText.priorityUp, onSelect: () => actions.prioritise(group.jobs, 1) },
                { label: pageText.priorityDown, onSelect: () => actions.prioritise(group.jobs, -1) },
                null,
              ]
            : []),
          settings,
        ]}
      />
      <IconButton label={many ? pageText.cancelBatch(group.jobs.length) : pageText.cancel} onClick={() => actions.cancel(group.jobs)}>
        <X />
      </IconButton>
    </>
  );
}

const MoreMenu = ({ items }: { items: (MenuItem | null)[] }) => (
  <Menu items={items}>
    <Button look="quiet" size="icon" aria-label={pageText.actions}>
      <Ellipsis />
    </Button>
  </Menu>
);

/** Handle is what a row is dragged by; the arrow keys move it too. */
export function Handle(props: React.ComponentProps<"button">) {
  return (
    <button
      type="button"
      aria-label={pageText.move}
      aria-description={pageText.moveHint}
      title={pageText.moveHint}
      className="-ml-2 grid h-11 w-6 shrink-0 cursor-grab touch-none place-items-center rounded-md text-muted hover:text-text active:cursor-grabbing"
      {...props}
    >
      <GripVertical className="size-4" aria-hidden />
    </button>
  );
}
