import { Link } from "@tanstack/react-router";
import {
  Download,
  Ellipsis,
  ExternalLink,
  Grid3x3,
  ImageUp,
  PaintbrushVertical,
  SlidersHorizontal,
  Sparkles,
  Star,
  TriangleAlert,
  X,
} from "lucide-react";
import { useEffect, useState } from "react";
import { api, ask, type Job, type Output } from "@/api/client";
import { events, useActiveJobs, usePaused } from "@/api/events";
import { inWords, pageHint } from "@/api/hint";
import type { JobError, Progress as RunProgress } from "@/api/types";
import { OutputView } from "@/components/OutputView";
import { Preview } from "@/components/OutputView/preview";
import { OutputThumbnail } from "@/components/OutputView/thumbnail";
import { resultType } from "@/components/ParameterControls/take-file";
import type { Picture } from "@/components/ParameterControls/values";
import { t } from "@/text";
import { duration } from "@/text/duration";
import { Button, buttonLook, IconButton } from "@/ui/button";
import { copyText } from "@/ui/copy";
import { Empty } from "@/ui/empty";
import { Menu } from "@/ui/menu";
import { Progress } from "@/ui/progress";
import { toast } from "@/ui/toast";
import { useRun } from "./use-runs";

export interface StageActions {
  takeAsInput: (p: Picture) => void;
  repair: (p: Picture) => void;
  takeSettings: (job: Job) => void;
  retry: (job: Job) => void;
  cancel: (job: Job) => void;
}

export const pictureOfOutput = (o: Output): Picture => ({
  ref: o.id,
  from: "output",
  name: o.name,
  type: o.media_type,
  width: o.width,
  height: o.height,
});

/** RunStage shows the run with an id; what is heard of the run draws nothing but this anew. */
export function RunStage({ id, actions }: { id: string | undefined; actions: StageActions }) {
  const { job, gone } = useRun(id);
  return <Stage job={job} gone={gone} actions={actions} />;
}

/** Stage shows one run: waiting, its preview and progress, its results, or why it failed. */
function Stage({ job, gone, actions }: { job: Job | undefined; gone: boolean; actions: StageActions }) {
  const [at, setAt] = useState(0);
  const id = job?.id;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another run begins with its first result
  useEffect(() => setAt(0), [id]);
  if (gone) return <Empty icon={<Sparkles />} title={t.generate.gone} />;
  if (!job) return <Empty icon={<Sparkles />} title={t.generate.nothing} hint={t.generate.nothingHint} />;
  if (job.state === "queued" || job.state === "running") return <Running job={job} onCancel={() => actions.cancel(job)} />;
  if (job.state === "failed") return <FailedRun job={job} actions={actions} />;
  if (job.state === "cancelled" && job.outputs.length === 0) {
    return (
      <Empty icon={<X />} title={t.generate.cancelled}>
        <Button onClick={() => actions.retry(job)}>{t.generate.retry}</Button>
        <Button onClick={() => actions.takeSettings(job)}>{t.generate.useSettings}</Button>
      </Empty>
    );
  }
  const output = job.outputs[Math.min(at, job.outputs.length - 1)];
  if (!output) return <Empty icon={<Sparkles />} title={t.generate.noOutput} />;
  const stale = () => void refresh(job.id);
  return (
    <figure className="flex h-full min-h-0 flex-col">
      {/* biome-ignore lint/a11y/noStaticElementInteractions: who does not drag has "Use as input" */}
      <div
        className="relative min-h-0 flex-1 [container-type:size]"
        draggable
        onDragStart={(e) => e.dataTransfer.setData(resultType, JSON.stringify(pictureOfOutput(output)))}
      >
        <OutputView output={output} alt={t.generate.alt(promptOf(job))} onStale={stale} />
      </div>
      <figcaption className="flex min-h-11 flex-wrap items-center gap-x-1 pt-2">
        {job.outputs.length > 1 &&
          job.outputs.map((o, i) => (
            <button
              key={o.id}
              type="button"
              aria-label={o.name}
              aria-pressed={i === at}
              onClick={() => setAt(i)}
              className="relative mr-1 size-8 overflow-hidden rounded-md bg-sunken ring-accent aria-pressed:ring-2"
            >
              <OutputThumbnail output={o} compact onStale={stale} />
            </button>
          ))}
        <ResultActions job={job} output={output} actions={actions} />
      </figcaption>
    </figure>
  );
}

export const promptOf = (job: Job) => String((job.request as { prompt?: string } | null)?.prompt ?? "");

const refreshed = new Map<string, number>();

// Links in answers are valid for an hour: a picture that does not load is asked for anew, at most once a minute.
async function refresh(id: string) {
  if (Date.now() - (refreshed.get(id) ?? 0) < 60_000) return;
  refreshed.set(id, Date.now());
  try {
    events.put(await ask(api.GET("/api/v1/jobs/{id}", { params: { path: { id } } })));
  } catch {
    // the banner, or the next look, tells
  }
}

function ResultActions({ job, output, actions }: { job: Job; output: Output; actions: StageActions }) {
  const isImage = output.kind === "image";
  const favour = async () => {
    const favourite = !output.favourite;
    const put = (value: boolean) =>
      events.put({ ...job, outputs: job.outputs.map((o) => (o.id === output.id ? { ...o, favourite: value } : o)) });
    put(favourite); // at once; taken back when the server says no
    try {
      await ask(api.PUT("/api/v1/outputs/{id}/favourite", { params: { path: { id: output.id } }, body: { favourite } }));
    } catch (error) {
      put(!favourite);
      toast.failed(error);
    }
  };
  return (
    <>
      <div className="flex min-w-0 flex-1 items-center gap-3 text-muted text-sm">
        {output.width && (
          <span className="whitespace-nowrap">
            {output.width} × {output.height}
          </span>
        )}
        {job.seed && (
          <button
            type="button"
            aria-label={t.generate.seedOf(job.seed)}
            title={t.generate.seedOf(job.seed)}
            className="truncate rounded-sm font-mono hover:text-text"
            onClick={() => void copyText(job.seed as string)}
          >
            {job.seed}
          </button>
        )}
      </div>
      {job.batch_id && job.sweep && (
        <Link to="/results" search={{ sweep: job.batch_id }} className={buttonLook({ size: "sm", look: "quiet" })}>
          <Grid3x3 />
          <span className="sr-only phone:not-sr-only">{t.generate.showGrid}</span>
        </Link>
      )}
      {isImage && (
        <>
          <Button size="sm" look="quiet" onClick={() => actions.takeAsInput(pictureOfOutput(output))}>
            <ImageUp />
            <span className="sr-only phone:not-sr-only">{t.generate.useAsInput}</span>
          </Button>
          <Button size="sm" look="quiet" onClick={() => actions.repair(pictureOfOutput(output))}>
            <PaintbrushVertical />
            <span className="sr-only phone:not-sr-only">{t.generate.repair}</span>
          </Button>
        </>
      )}
      <IconButton label={output.favourite ? t.generate.unfavourite : t.generate.favourite} aria-pressed={output.favourite} onClick={favour}>
        <Star className={output.favourite ? "fill-current" : undefined} />
      </IconButton>
      <Menu
        items={[
          { label: t.generate.useSettings, icon: <SlidersHorizontal />, onSelect: () => actions.takeSettings(job) },
          { label: t.generate.download, icon: <Download />, onSelect: () => save(output) },
          { label: t.generate.openOriginal, icon: <ExternalLink />, onSelect: () => window.open(output.url, "_blank", "noreferrer") },
        ]}
      >
        <Button look="quiet" size="icon" aria-label={t.generate.moreActions}>
          <Ellipsis />
        </Button>
      </Menu>
    </>
  );
}

function save(output: Output) {
  const a = document.createElement("a");
  a.href = output.url;
  a.download = output.name.split("/").pop() ?? output.name;
  a.click();
}

function Running({ job, onCancel }: { job: Job; onCancel: () => void }) {
  return (
    <div className="flex h-full min-h-0 flex-col">
      <div className="relative grid min-h-0 flex-1 place-items-center">
        <Preview key={job.id} id={job.id} place="stage" className="absolute inset-0 m-auto h-full w-full object-contain">
          <div className="aspect-square h-full max-h-96 max-w-full animate-pulse rounded-lg bg-sunken" aria-hidden />
        </Preview>
      </div>
      <RunStatus job={job} onCancel={onCancel} />
    </div>
  );
}

/** RunStatus tells how far a run is, in a bar and words. */
export function RunStatus({ job, onCancel }: { job: Job; onCancel: () => void }) {
  const progress = job.progress as RunProgress | null;
  const before = useActiveJobs().filter((j) => j.id !== job.id && (j.state === "running" || j.created_at < job.created_at)).length;
  const paused = usePaused();
  const waiting = job.state === "queued";
  const words = waiting
    ? paused
      ? t.generate.paused
      : before > 0
        ? t.generate.waitingBehind(before)
        : t.generate.waiting
    : (progress?.message ?? progress?.node ?? t.generate.starting);
  return (
    <div className="grid gap-1.5 pt-3">
      <Progress value={waiting ? undefined : progress?.fraction} label={t.generate.progress} />
      <div className="flex min-h-8 items-center gap-3 text-sm">
        <span className="min-w-0 flex-1 truncate" role="status">
          {words}
        </span>
        {!waiting && progress && progress.steps > 0 && (
          <span className="whitespace-nowrap text-muted">{t.generate.step(progress.step, progress.steps)}</span>
        )}
        {!waiting && progress?.eta_ms ? (
          <span className="whitespace-nowrap text-muted">{t.generate.left(duration(progress.eta_ms))}</span>
        ) : null}
        <Button size="sm" onClick={onCancel}>
          {t.app.cancel}
        </Button>
      </div>
    </div>
  );
}

function FailedRun({ job, actions }: { job: Job; actions: StageActions }) {
  const error = job.error as JobError | null;
  return (
    <div className="scroll grid h-full place-items-center">
      <Empty
        icon={<TriangleAlert className="text-bad" />}
        title={error?.message ? inWords(error.message) : t.generate.failed}
        hint={error?.code === "storage" ? t.generate.fullHint : pageHint(error?.hint, error?.parameter)}
      >
        <Button onClick={() => actions.retry(job)}>{t.generate.retry}</Button>
        <Button onClick={() => actions.takeSettings(job)}>{t.generate.useSettings}</Button>
      </Empty>
    </div>
  );
}
