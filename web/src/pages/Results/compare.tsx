import { useQueries, useQuery } from "@tanstack/react-query";
import { ArrowLeftRight, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { Output } from "@/api/client";
import { queries } from "@/api/queries";
import { useShortcuts } from "@/app/shortcuts";
import { useLabels } from "@/components/OutputView/labels";
import { Picture } from "@/components/OutputView/picture";
import { t } from "@/text";
import { IconButton } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Failed } from "@/ui/empty";
import { resultQueries } from "./data";
import { wholeWindow } from "./lightbox";
import { differences, pointOf } from "./sweep";

/** Compare lays one result over another one, with a divider that is moved by hand or by the arrow keys. */
export function Compare({
  ids,
  onChange,
  onClosed,
}: {
  ids: [string, string] | undefined;
  onChange: (ids: [string, string] | undefined) => void;
  onClosed: () => boolean;
}) {
  return (
    <Dialog
      bare
      title={t.results.comparing}
      open={ids !== undefined}
      onOpenChange={(o) => !o && onChange(undefined)}
      className={wholeWindow}
      onClosed={onClosed}
    >
      {ids && <Sides ids={ids} onChange={onChange} />}
    </Dialog>
  );
}

function Sides({ ids, onChange }: { ids: [string, string]; onChange: (ids: [string, string] | undefined) => void }) {
  const [left, right] = useQueries({ queries: [resultQueries.one(ids[0]), resultQueries.one(ids[1])] });
  const swap = () => onChange([ids[1], ids[0]]);
  useShortcuts([{ keys: "s", label: t.results.swap, group: "dialog", run: swap }]);
  const error = left.error ?? right.error;
  const found = useDifferences(left.data, right.data);
  return (
    <div className="flex h-full flex-col">
      <header className="flex h-12 shrink-0 items-center gap-1 border-line border-b px-2">
        <IconButton label={t.app.close} keys="escape" onClick={() => onChange(undefined)}>
          <X />
        </IconButton>
        <h2 className="flex-1 truncate px-1 font-medium">{t.results.comparing}</h2>
        <IconButton label={t.results.swap} keys="s" onClick={swap}>
          <ArrowLeftRight />
        </IconButton>
      </header>
      {error && <Failed error={error} />}
      {left.data && right.data && <Divided left={left.data} right={right.data} found={found ?? []} />}
      {left.data && right.data && (found ? <Differs found={found} /> : <div className="h-28 shrink-0" />)}
    </div>
  );
}

type Difference = ReturnType<typeof differences>[number];

/** useDifferences is in what two results were asked for differently; undefined until both requests are known. */
function useDifferences(left: Output | undefined, right: Output | undefined): Difference[] | undefined {
  const a = useQuery(queries.job(left?.job_id ?? ""));
  const b = useQuery(queries.job(right?.job_id ?? ""));
  const { label } = useLabels(left?.workflow_id ?? "");
  if (!left || !right || !a.data || !b.data) return undefined;
  const asked = (request: unknown, o: Output) => {
    const { params, ...rest } = request as { params?: object };
    return { ...rest, params: { ...params, ...pointOf(o), seed: o.seed } };
  };
  return differences([asked(a.data.request, left), asked(b.data.request, right)])
    .filter((d) => !["sweep", "count", "zip"].includes(d.name))
    .map((d) => ({ ...d, name: label(d.name) }));
}

/** sideText says on a picture what it has and the other one has not; with much of that it says the side. */
function sideText(found: Difference[], side: 0 | 1): string {
  const values = found.map((d) => d.values[side] && t.results.axisValue(d.name, d.values[side]));
  const short = values.length > 0 && values.length < 3 && values.every((v) => v && v.length < 40);
  return short ? values.join(", ") : side === 0 ? t.results.left : t.results.right;
}

function Divided({ left, right, found }: { left: Output; right: Output; found: Difference[] }) {
  const [at, setAt] = useState(50); // percent
  const stage = useRef<HTMLDivElement>(null);
  const divider = useRef<HTMLDivElement>(null);
  useEffect(() => divider.current?.focus(), []); // it comes after the dialog was opened
  const hold = (n: number) => Math.min(100, Math.max(0, n));
  const w = left.width ?? 1;
  const h = left.height ?? 1;
  const follow = (e: React.PointerEvent) => {
    const box = stage.current?.getBoundingClientRect();
    if (box && box.width > 0) setAt(hold(((e.clientX - box.left) / box.width) * 100));
  };
  const keyDown = (e: React.KeyboardEvent) => {
    const by = e.shiftKey ? 10 : 1;
    const to = {
      ArrowLeft: at - by,
      ArrowDown: at - by,
      ArrowRight: at + by,
      ArrowUp: at + by,
      PageUp: at + 10,
      PageDown: at - 10,
      Home: 0,
      End: 100,
    }[e.key];
    if (to === undefined) return;
    e.preventDefault();
    setAt(hold(Math.round(to)));
  };
  return (
    <div className="grid min-h-0 flex-1 place-items-center bg-sunken [container-type:size]">
      <div
        ref={stage}
        className="relative touch-none select-none"
        style={{ aspectRatio: `${w} / ${h}`, width: `min(100cqw, 100cqh * ${w / h})` }}
        onPointerDown={(e) => {
          e.currentTarget.setPointerCapture(e.pointerId);
          follow(e);
        }}
        onPointerMove={(e) => e.currentTarget.hasPointerCapture(e.pointerId) && follow(e)}
      >
        <Picture output={right} src={right.url} fit="contain" />
        <div className="absolute inset-0" style={{ clipPath: `inset(0 ${100 - at}% 0 0)` }}>
          <div className="absolute inset-0 bg-sunken" />
          <Picture output={left} src={left.url} fit="contain" />
        </div>
        <div
          ref={divider}
          role="slider"
          tabIndex={0}
          aria-label={t.results.divider}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.round(at)}
          aria-valuetext={t.results.dividerAt(Math.round(at))}
          onKeyDown={keyDown}
          className="group absolute inset-y-0 -ml-4 w-8 cursor-ew-resize outline-none"
          style={{ left: `${at}%` }}
        >
          <span className="absolute inset-y-0 left-1/2 w-0.5 -translate-x-1/2 bg-white shadow-float" />
          <span className="absolute top-1/2 left-1/2 grid size-9 -translate-x-1/2 -translate-y-1/2 place-items-center rounded-full bg-white text-black shadow-float group-focus-visible:ring-3 group-focus-visible:ring-accent">
            <ArrowLeftRight className="size-4" aria-hidden />
          </span>
        </div>
        <Label className="left-2" text={sideText(found, 0)} shown={at > 12} />
        <Label className="right-2" text={sideText(found, 1)} shown={at < 88} />
      </div>
    </div>
  );
}

const Label = ({ text, className, shown }: { text: string; className: string; shown: boolean }) =>
  shown && (
    <span
      className={`pointer-events-none absolute top-2 max-w-[46%] truncate rounded-md bg-over px-1.5 py-0.5 text-sm text-white ${className}`}
    >
      {text}
    </span>
  );

function Differs({ found }: { found: Difference[] }) {
  return (
    <section className="scroll max-h-40 shrink-0 border-line border-t px-4 py-3" aria-label={t.results.differs}>
      {found.length === 0 ? (
        <p className="text-muted">{t.results.same}</p>
      ) : (
        <table className="w-full max-w-4xl table-fixed text-left">
          <thead className="text-muted text-sm">
            <tr>
              <th scope="col" className="w-32 font-medium">
                {t.results.differs}
              </th>
              <th scope="col" className="font-medium">
                {t.results.left}
              </th>
              <th scope="col" className="font-medium">
                {t.results.right}
              </th>
            </tr>
          </thead>
          <tbody>
            {found.map(({ name, values }) => (
              <tr key={name} className="align-top">
                <th scope="row" className="truncate py-0.5 pr-3 font-normal text-muted">
                  {name}
                </th>
                {values.map((v, i) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: the first is the left one
                  <td key={i} className="break-words py-0.5 pr-3">
                    {v ?? <span className="text-muted">{t.results.unset}</span>}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
