import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CheckSquare, ChevronLeft, Download } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { api, ask, type Job, type Output } from "@/api/client";
import { events } from "@/api/events";
import { inWords } from "@/api/hint";
import { queries, queryClient } from "@/api/queries";
import type { JobError } from "@/api/types";
import { Page } from "@/app/shell";
import { useShortcuts } from "@/app/shortcuts";
import { useLabels } from "@/components/OutputView/labels";
import { nameOf } from "@/components/OutputView/picture";
import { OutputThumbnail } from "@/components/OutputView/thumbnail";
import { thumbnailSize } from "@/components/OutputView/thumbnail-size";
import { t } from "@/text";
import { buttonLook, IconButton } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Empty, Failed } from "@/ui/empty";
import { Field } from "@/ui/field";
import { Select } from "@/ui/select";
import { Slider } from "@/ui/slider";
import { resultQueries } from "./data";
import { stayAmongResults } from "./gallery";
import type { ItemActions } from "./lightbox";
import { RemoveMany, useRemoval } from "./remove-many";
import { type Selection, useSelection } from "./selection";
import { pairIn, SelectionBar, Ticked } from "./selection-bar";
import { axesOf, isZip, type Point, pointOf, tableOf } from "./sweep";
import { useHidden } from "./trash";

const mostJobs = 5_000;

/** useSweep are the results and the jobs of a batch, kept fresh while it runs. */
function useSweep(batch: string) {
  const outputs = useQuery(resultQueries.batch(batch));
  const jobs = useQuery({
    queryKey: ["jobs", "batch", batch],
    queryFn: async ({ signal }) => {
      const all: Job[] = [];
      let cursor: string | undefined;
      do {
        const page = await ask(api.GET("/api/v1/jobs", { params: { query: { batch, cursor, limit: 500 } }, signal }));
        all.push(...page.jobs);
        cursor = page.next_cursor ?? undefined;
      } while (cursor && all.length < mostJobs);
      return all.reverse();
    },
  });
  useEffect(
    () =>
      events.onEnded((job) => {
        if (job.batch_id !== batch) return;
        void queryClient.invalidateQueries({ queryKey: ["results", "batch", batch] });
      }),
    [batch],
  );
  return { outputs, jobs };
}

interface SweepViewProps {
  batch: string;
  onOpen: (id: string, items: Output[]) => void;
  actions: ItemActions;
}

const around = { phone: [110, 300], wide: [340, 220] } as const; // pixels of the window that are not the grid's: width, height

const smallest = 96; // pixels of a cell: three of them stand side by side on a phone

/** fitting is the width of a cell with which the grid fits the window, as far as its pictures can still be judged. */
function fitting(columns: number, rows: number, ratio: number): number {
  const [beside, above] = innerWidth < 640 ? around.phone : around.wide;
  const byWidth = (Math.min(innerWidth, 1700) - beside) / columns - 4;
  const byHeight = ((innerHeight - above) / rows - 4) * ratio;
  return Math.round(Math.min(320, Math.max(smallest, Math.min(byWidth, Math.max(160, byHeight)))));
}

/** ratioOf is the width to the height of a sweep's pictures. */
const ratioOf = (outputs: Output[]) => {
  const sized = outputs.find((o) => o.width && o.height);
  return sized?.width && sized.height ? sized.width / sized.height : 1;
};

/** useChosen is the selection of a grid, with the keys that act on it. */
function useChosen(shown: Output[], actions: ItemActions) {
  const selection = useSelection();
  const [mode, setMode] = useState(false);
  const chosen = useMemo(() => shown.filter((o) => selection.has(o.id)), [shown, selection]);
  const leave = () => {
    selection.clear();
    setMode(false);
    stayAmongResults();
  };
  const withAll = (run: (items: Output[]) => void) => () => chosen.length > 0 && run(chosen);
  const { remove, asking } = useRemoval((items) => {
    leave();
    actions.remove(items);
  });
  const compare = (items: Output[]) => {
    const pair = pairIn(items);
    if (pair) actions.compare(...pair);
  };
  const group = t.results.sweep;
  useShortcuts([
    { keys: "escape", label: t.results.clearSelection, group, run: leave },
    { keys: "f", label: t.results.favourite, group, run: withAll(actions.favourite) },
    { keys: "d", label: t.results.download, group, run: withAll(actions.download) },
    { keys: "c", label: t.results.compare, group, run: withAll(compare) },
    { keys: "delete", label: t.results.delete, group, run: withAll(remove) },
    { keys: "backspace", label: t.results.delete, group, run: withAll(remove) },
  ]);
  return { selection, chosen, selecting: mode || chosen.length > 0, setMode, leave, remove, asking };
}

/** SweepView is a sweep as a table: what was swept at its edges, what came of it in its cells. */
export function SweepView({ batch, onOpen, actions }: SweepViewProps) {
  const { outputs, jobs } = useSweep(batch);
  const workflows = useQuery(queries.workflows);
  const hidden = useHidden();
  const shown = useMemo(() => outputs.data?.filter((o) => !hidden.has(o.id)) ?? [], [outputs.data, hidden]);
  const points = useMemo(() => (jobs.data ?? []).map(pointOf).filter((p) => p !== undefined), [jobs.data]);
  const axes = useMemo(() => axesOf(points), [points]);
  const paired = isZip(axes, points);
  const [chosen, setChosen] = useState<{ across?: string; down?: string; fixed: Point }>({ fixed: {} });
  const [set, setSize] = useState<number>(); // pixels of a cell's width, when somebody chose it
  const across = axes.find((a) => a.name === chosen.across) ?? axes.at(-1);
  const down = paired
    ? undefined
    : chosen.down === ""
      ? undefined
      : (axes.find((a) => a.name === (chosen.down ?? axes[0]?.name) && a !== across) ?? axes.find((a) => a !== across));
  const further = paired ? [] : axes.filter((a) => a !== across && a !== down);
  const fixed = Object.fromEntries(further.map((a) => [a.name, chosen.fixed[a.name] ?? (a.values[0] as string)]));
  const size = set ?? fitting(across?.values.length || 1, down?.values.length || 1, ratioOf(shown));
  const error = outputs.error ?? jobs.error;
  const id = jobs.data?.[0]?.workflow_id ?? "";
  const workflow = workflows.data?.find((w) => w.id === id)?.name ?? id;
  const { label, isReady } = useLabels(id);
  const { selection, chosen: picked, selecting, setMode, leave, remove, asking } = useChosen(shown, actions);
  return (
    <Page
      title={t.results.sweep}
      wide
      actions={
        <>
          <Link to="/results" className={buttonLook({ look: "quiet" }, "order-first -ml-2 px-2")} aria-label={t.results.title}>
            <ChevronLeft aria-hidden />
            {t.results.title}
          </Link>
          {!selecting && (
            <IconButton
              label={t.results.downloadZip}
              words={t.results.downloadZip}
              disabled={shown.length === 0}
              onClick={() => actions.download(shown)}
            >
              <Download />
            </IconButton>
          )}
          <IconButton
            label={selecting ? t.results.selecting : t.results.select}
            words={selecting ? t.results.selecting : t.results.select}
            aria-pressed={selecting}
            disabled={shown.length === 0}
            onClick={() => (selecting ? leave() : setMode(true))}
          >
            <CheckSquare />
          </IconButton>
        </>
      }
    >
      {error && <Failed error={error} />}
      {jobs.data && axes.length === 0 && (
        <Empty title={t.results.noSweep} hint={t.results.noSweepHint}>
          <Link to="/results" search={{ batch }} className={buttonLook()}>
            {t.results.showBatch}
          </Link>
        </Empty>
      )}
      {across && jobs.data && outputs.data && isReady && (
        <>
          <div className="mb-4 flex flex-wrap items-end gap-3">
            <p className="w-full self-center text-muted phone:mr-auto phone:w-auto">{t.results.sweepOf(workflow, jobs.data.length)}</p>
            {!paired && axes.length > 1 && (
              <>
                <AxisChoice
                  label={t.results.across}
                  value={across.name}
                  names={axes.map((a) => a.name)}
                  nameOf={label}
                  onChange={(name) => setChosen((c) => ({ ...c, across: name, down: name === down?.name ? across.name : c.down }))}
                />
                <AxisChoice
                  label={t.results.down}
                  value={down?.name ?? ""}
                  names={axes.map((a) => a.name).filter((n) => n !== across.name)}
                  nameOf={label}
                  onChange={(name) => setChosen((c) => ({ ...c, across: across.name, down: name }))}
                />
              </>
            )}
            {further.map((a) => (
              <Field key={a.name} label={label(a.name)} className="w-32">
                {(ids) => (
                  <Select
                    {...ids}
                    value={fixed[a.name]}
                    onChange={(e) => setChosen((c) => ({ ...c, fixed: { ...c.fixed, [a.name]: e.target.value } }))}
                  >
                    {a.values.map((v) => (
                      <option key={v}>{v}</option>
                    ))}
                  </Select>
                )}
              </Field>
            ))}
            <Slider
              label={t.results.cellSize}
              value={size}
              onChange={setSize}
              min={smallest}
              max={480}
              step={8}
              className="w-full phone:w-28"
            />
          </div>
          <Grid
            outputs={shown}
            jobs={jobs.data}
            across={across.name}
            down={down?.name}
            fixed={fixed}
            paired={paired ? axes.map((a) => a.name) : []}
            size={size}
            label={label}
            selection={selection}
            selecting={selecting}
            onOpen={onOpen}
          />
        </>
      )}
      {selecting && <SelectionBar selection={selection} chosen={picked} onRemove={() => remove(picked)} onDone={leave} actions={actions} />}
      <RemoveMany {...asking} />
    </Page>
  );
}

function AxisChoice({
  label,
  value,
  names,
  nameOf,
  onChange,
}: {
  label: string;
  value: string;
  names: string[];
  nameOf: (parameter: string) => string;
  onChange: (name: string) => void;
}) {
  return (
    <Field label={label} className="min-w-32 flex-1 phone:w-44 phone:flex-none">
      {(ids) => (
        <Select {...ids} value={value} onChange={(e) => onChange(e.target.value)}>
          {names.map((n) => (
            <option key={n} value={n}>
              {nameOf(n)}
            </option>
          ))}
        </Select>
      )}
    </Field>
  );
}

interface GridProps {
  outputs: Output[];
  jobs: Job[];
  across: string;
  down: string | undefined;
  fixed: Point;
  paired: string[]; // axes that go together
  size: number;
  label: (parameter: string) => string;
  selection: Selection;
  selecting: boolean; // a click selects
  onOpen: (id: string, items: Output[]) => void;
}

function Grid({ outputs, jobs, across, down, fixed, paired, size, label, selection, selecting, onOpen }: GridProps) {
  // The jobs make the table: a point that failed or waits has its cell as well.
  const table = useMemo(() => tableOf(jobs, down, across, fixed), [jobs, down, across, fixed]);
  const by = useMemo(() => {
    const map = new Map<string, Output[]>();
    for (const o of outputs) map.set(o.job_id, [...(map.get(o.job_id) ?? []), o]);
    return map;
  }, [outputs]);
  const inOrder = useMemo(() => table.cells.flat(2).flatMap((j) => by.get(j.id) ?? []), [table, by]);
  const height = size / ratioOf(outputs);
  const columnName = (value: string, cell: Job[] | undefined) => {
    const point = paired.length > 0 && cell?.[0] ? pointOf(cell[0]) : undefined;
    return point ? paired.map((n) => t.results.axisValue(label(n), point[n] ?? "")).join(", ") : t.results.axisValue(label(across), value);
  };
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
    <section tabIndex={0} aria-label={t.results.sweep} className="scroll -mx-4 max-h-[calc(100dvh-10rem)] px-4 pb-2 phone:-mx-6 phone:px-6">
      <table className="border-separate border-spacing-1">
        <thead>
          <tr>
            {table.rows && <td className="sticky left-0 z-10 bg-page" />}
            {table.columns.values.map((value, c) => (
              <th
                key={value}
                scope="col"
                className="sticky top-0 z-10 bg-page py-1 text-left font-medium text-sm"
                style={{ maxWidth: size }}
              >
                <span className="block truncate" title={columnName(value, table.cells[0]?.[c])}>
                  {columnName(value, table.cells[0]?.[c])}
                </span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.cells.map((row, r) => (
            <tr key={table.rows?.values[r] ?? ""}>
              {table.rows && (
                <th scope="row" className="sticky left-0 z-10 max-w-40 bg-page pr-2 text-left align-middle font-medium text-sm">
                  <span className="line-clamp-4 break-words">
                    {t.results.axisValue(label(table.rows.name), table.rows.values[r] as string)}
                  </span>
                </th>
              )}
              {row.map((cell, c) => (
                <td key={table.columns.values[c]} className="p-0">
                  <Cell
                    jobs={cell}
                    outputs={cell.flatMap((j) => by.get(j.id) ?? [])}
                    width={size}
                    height={height}
                    selected={selecting ? cell.some((j) => by.get(j.id)?.some((o) => selection.has(o.id))) : undefined}
                    onOpen={(id) => onOpen(id, inOrder)}
                    onToggle={selection.toggle}
                  />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Cell({
  jobs,
  outputs,
  width,
  height,
  selected,
  onOpen,
  onToggle,
}: {
  jobs: Job[];
  outputs: Output[];
  width: number;
  height: number;
  selected: boolean | undefined; // undefined where a click opens
  onOpen: (id: string) => void;
  onToggle: (id: string) => void;
}) {
  const first = outputs[0];
  if (first) {
    return (
      <button
        type="button"
        id={`result-${first.id}`}
        aria-label={nameOf(first)}
        aria-pressed={selected}
        onClick={(e) => (selected !== undefined || e.ctrlKey || e.metaKey || e.shiftKey ? onToggle(first.id) : onOpen(first.id))}
        className="relative block overflow-hidden rounded-sm bg-sunken focus-visible:z-10"
        style={{ width, height }}
      >
        <span className={cx("absolute inset-0", selected && "scale-[0.92]")}>
          <OutputThumbnail output={first} size={thumbnailSize(width, height)} />
        </span>
        {selected && <span className="absolute inset-0 rounded-sm border-2 border-accent" />}
        {selected !== undefined && <Ticked on={selected} className="absolute top-1.5 left-1.5" />}
        {outputs.length > 1 && (
          <span className="absolute top-1 right-1 rounded-md bg-over px-1.5 text-sm text-white" title={t.results.times(outputs.length)}>
            {outputs.length}
          </span>
        )}
      </button>
    );
  }
  const job = jobs[0];
  const said = {
    queued: t.results.waiting,
    running: t.results.running,
    failed: t.results.failed,
    cancelled: t.results.cancelled,
    succeeded: t.results.hole,
  };
  const error = job?.error as JobError | null | undefined;
  const reason = error?.message && inWords(error.message);
  return (
    <div
      className={cx(
        "grid place-items-center rounded-sm bg-sunken p-2 text-center text-sm",
        job?.state === "failed" ? "text-bad" : "text-muted",
      )}
      style={{ width, height }}
      title={reason || undefined}
    >
      <span className="line-clamp-5 break-words">{job ? reason || said[job.state] : t.results.hole}</span>
    </div>
  );
}
