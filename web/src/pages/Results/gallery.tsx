// biome-ignore-all lint/a11y/useSemanticElements: a table cannot place justified rows
import { useVirtualizer } from "@tanstack/react-virtual";
import { Download, Grid3x3, ImageUp, Star } from "lucide-react";
import { memo, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { Output } from "@/api/client";
import { kindIcon, nameOf } from "@/components/OutputView/picture";
import { OutputThumbnail } from "@/components/OutputView/thumbnail";
import { thumbnailSize } from "@/components/OutputView/thumbnail-size";
import { t } from "@/text";
import { IconButton } from "@/ui/button";
import { cx } from "@/ui/cx";
import { rescueFocus } from "@/ui/focus";
import { justify, moved, type Row, rowOf } from "./layout";
import type { Selection } from "./selection";
import { Ticked } from "./selection-bar";
import { isSwept } from "./sweep";

const gap = 4;
const rush = 80; // ms that a tile is there before its picture is asked for, while the gallery is scrolled
const slow = 250; // ms after which a small stand-in is asked for
const overscan = 700; // pixels above and below that are drawn already

export interface TileActions {
  open: (o: Output) => void;
  favourite: (o: Output) => void;
  download: (o: Output) => void;
  use: (o: Output) => void;
  sweep: (o: Output) => void;
}

interface GalleryProps {
  items: Output[];
  selection: Selection;
  selecting: boolean; // a click selects
  actions: TileActions;
  active: string | undefined; // the result that the keyboard is on
  onActive: (id: string) => void;
  hasMore: boolean;
  loadMore: () => void;
}

/** focusTile puts the keyboard on a result of the gallery and brings it into sight; false when it is not drawn. */
export function focusTile(id: string): boolean {
  const tile = document.getElementById(`result-${id}`);
  tile?.scrollIntoView({ block: "nearest" });
  tile?.focus({ preventScroll: true });
  return tile !== null;
}

const reached = '[id^="result-"][tabindex="0"], table [id^="result-"]'; // the result that Tab leads to, in gallery or sweep

/** stayAmongResults puts the keyboard on a result, or on the search, when what had it is gone. */
export const stayAmongResults = () =>
  rescueFocus(() => document.querySelector<HTMLElement>(reached) ?? document.querySelector<HTMLElement>("main input[type=search]"));

/** Gallery shows results in justified rows. Only the rows near the window are drawn, however many there are. */
export function Gallery({ items, selection, selecting, actions, active, onActive, hasMore, loadMore }: GalleryProps) {
  const box = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState({ width: 0, margin: 0 });
  useLayoutEffect(() => {
    const grid = box.current;
    const scroller = grid?.closest("main");
    if (!grid || !scroller) return;
    const measure = () => {
      const margin = grid.getBoundingClientRect().top - scroller.getBoundingClientRect().top + scroller.scrollTop;
      setPlace((p) => (p.width === grid.clientWidth && Math.abs(p.margin - margin) < 1 ? p : { width: grid.clientWidth, margin }));
    };
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(grid);
    watch.observe(scroller);
    return () => watch.disconnect();
  }, []);

  const target = place.width < 500 ? 150 : place.width < 1100 ? 200 : 240;
  const rows = useMemo(() => justify(items, place.width, target, gap), [items, place.width, target]);
  const at = useMemo(() => Math.max(0, active ? items.findIndex((o) => o.id === active) : 0), [items, active]);
  const activeRow = rowOf(rows, at);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current?.closest("main") ?? null,
    estimateSize: (i) => (rows[i] as Row).height + gap,
    scrollMargin: place.margin,
    scrollPaddingStart: 72, // the header stays over the page
    scrollPaddingEnd: 80,
    overscan: Math.ceil(overscan / target),
    // The row that has the keyboard stays drawn, so that the focus is not lost by scrolling.
    rangeExtractor: (range) => {
      const drawn = new Set([activeRow]);
      for (let i = Math.max(0, range.startIndex - range.overscan); i <= Math.min(range.count - 1, range.endIndex + range.overscan); i++)
        drawn.add(i);
      return [...drawn].filter((i) => i < range.count).sort((a, b) => a - b);
    },
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: heights are those of the rows
  useLayoutEffect(() => virtual.measure(), [rows]);

  const drawn = virtual.getVirtualItems();
  const last = drawn.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && last >= rows.length - 8) loadMore();
  }, [hasMore, last, rows.length, loadMore]);

  const go = (to: number) => {
    const o = items[to];
    if (!o) return;
    onActive(o.id);
    virtual.scrollToIndex(rowOf(rows, to), { align: "auto" });
    requestAnimationFrame(() => requestAnimationFrame(() => focusTile(o.id)));
  };
  const keyDown = (e: React.KeyboardEvent) => {
    const here = items[at];
    if (!here || e.altKey) return;
    const mod = e.ctrlKey || e.metaKey;
    if (mod && e.key.toLowerCase() === "a") selection.add(items.map((o) => o.id));
    else if (mod) return;
    else if (e.key === " ") selection.toggle(here.id);
    else if (e.key === "Enter") actions.open(here);
    else {
      const to = moved(rows, items.length, at, e.key, gap);
      if (to === at) {
        if (!/^(Arrow|Page|Home|End)/.test(e.key)) return;
      } else {
        if (e.shiftKey) selection.add(items.slice(Math.min(at, to), Math.max(at, to) + 1).map((o) => o.id));
        go(to);
      }
    }
    e.preventDefault();
    e.stopPropagation();
  };

  const anchor = useRef<string | undefined>(undefined);
  const click = useCallback(
    (o: Output, e: React.MouseEvent) => {
      onActive(o.id);
      const from = items.findIndex((i) => i.id === anchor.current);
      const to = items.findIndex((i) => i.id === o.id);
      if (e.shiftKey && from >= 0) selection.add(items.slice(Math.min(from, to), Math.max(from, to) + 1).map((i) => i.id));
      else if (e.ctrlKey || e.metaKey || e.shiftKey || selecting) selection.toggle(o.id);
      else actions.open(o);
      anchor.current = o.id;
    },
    [items, selection, selecting, actions, onActive],
  );

  return (
    <div
      ref={box}
      role="grid"
      aria-label={t.results.gallery}
      aria-multiselectable
      aria-rowcount={hasMore ? -1 : rows.length}
      onKeyDown={keyDown}
      className="relative"
      style={{ height: virtual.getTotalSize() }}
    >
      {drawn.map(({ index, start }) => {
        const row = rows[index];
        return (
          row && (
            <GalleryRow
              key={index}
              index={index}
              row={row}
              top={start - place.margin}
              items={items}
              at={index === activeRow ? at : -1}
              selection={selection}
              selecting={selecting}
              passing={virtual.isScrolling}
              actions={actions}
              onClick={click}
              onActive={onActive}
            />
          )
        );
      })}
    </div>
  );
}

interface RowProps {
  index: number;
  row: Row;
  top: number; // pixels from the gallery's beginning
  items: Output[];
  at: number; // the item that Tab leads to, -1 when it is in another row
  selection: Selection;
  selecting: boolean;
  passing: boolean; // the gallery is being scrolled
  actions: TileActions;
  onClick: (o: Output, e: React.MouseEvent) => void;
  onActive: (id: string) => void;
}

/** sameRow: scrolling that begins or ends changes nothing of a row that is there. */
const sameRow = ({ passing: _a, ...a }: RowProps, { passing: _b, ...b }: RowProps) =>
  (Object.keys(a) as (keyof typeof a)[]).every((k) => a[k] === b[k]);

/** GalleryRow is the unit in which the gallery comes and goes: its size is known, nothing in it moves what is outside. */
const GalleryRow = memo(function GalleryRow({
  index,
  row,
  top,
  items,
  at,
  selection,
  selecting,
  passing,
  actions,
  onClick,
  onActive,
}: RowProps) {
  const box = useRef<HTMLDivElement>(null);
  // A row that only rushes by loads nothing; what loads for long has a stand-in.
  const [phase, setPhase] = useState<"rushing" | "loading" | "slow">(passing ? "rushing" : "loading");
  useEffect(() => {
    if (phase === "slow") return;
    const later = setTimeout(
      () => {
        if (phase === "rushing") setPhase("loading");
        else if ([...(box.current?.querySelectorAll("img") ?? [])].some((i) => !i.complete)) setPhase("slow");
      },
      phase === "rushing" ? rush : slow,
    );
    return () => clearTimeout(later);
  }, [phase]);
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: its cells are
    <div
      ref={box}
      role="row"
      aria-rowindex={index + 1}
      className="absolute inset-x-0 flex [contain:size_layout_style]"
      style={{ top, height: row.height, gap }}
    >
      {row.widths.map((width, n) => {
        const o = items[row.start + n];
        return (
          o && (
            <Tile
              key={o.id}
              output={o}
              width={width}
              height={row.height}
              focusable={row.start + n === at}
              selected={selection.has(o.id)}
              selecting={selecting}
              heads={isSwept(o) && items[row.start + n - 1]?.batch_id !== o.batch_id}
              shown={phase !== "rushing"}
              blur={phase === "slow"}
              actions={actions}
              onClick={onClick}
              onToggle={selection.toggle}
              onActive={onActive}
            />
          )
        );
      })}
    </div>
  );
}, sameRow);

interface TileProps {
  output: Output;
  width: number;
  height: number;
  focusable: boolean;
  selected: boolean;
  selecting: boolean;
  heads: boolean; // it is the newest result of a sweep
  shown: boolean; // its picture is asked for
  blur: boolean; // until it is there the smallest one is shown
  actions: TileActions;
  onClick: (o: Output, e: React.MouseEvent) => void;
  onToggle: (id: string) => void;
  onActive: (id: string) => void;
}

const badge = "grid size-6 place-items-center rounded-md bg-over text-white";

/** Tile is one result: its picture, and what is done most while the pointer or the keyboard is on it. */
const Tile = memo(function Tile({
  output: o,
  width,
  height,
  focusable,
  selected,
  selecting,
  heads,
  shown,
  blur,
  actions,
  onClick,
  onToggle,
  onActive,
}: TileProps) {
  const Icon = kindIcon[o.kind];
  const size = thumbnailSize(width, height);
  const [near, setNear] = useState(false);
  const leave = (e: React.SyntheticEvent<HTMLElement>) => {
    if (!e.currentTarget.matches(":hover, :focus-within")) setNear(false);
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the grid's
    <div
      id={`result-${o.id}`}
      role="gridcell"
      tabIndex={focusable ? 0 : -1}
      aria-selected={selected}
      aria-label={heads ? `${nameOf(o)}, ${t.results.sweep}` : nameOf(o)}
      onClick={(e) => onClick(o, e)}
      onPointerEnter={(e) => e.pointerType !== "touch" && setNear(true)}
      onPointerLeave={leave}
      onFocus={(e) => {
        onActive(o.id);
        if (e.currentTarget.matches(":focus-visible")) setNear(true);
      }}
      onBlur={leave}
      className="relative shrink-0 scroll-mt-18 scroll-mb-20 overflow-hidden rounded-sm bg-sunken focus-visible:z-10 focus-visible:outline-offset-2"
      style={{ width }}
    >
      {selected ? (
        <>
          <span className="absolute inset-0 scale-[0.92]">{shown && <OutputThumbnail output={o} size={size} blur={blur} />}</span>
          <span className="pointer-events-none absolute inset-0 rounded-sm border-2 border-accent" />
        </>
      ) : (
        shown && <OutputThumbnail output={o} size={size} blur={blur} />
      )}
      {(o.kind !== "image" || o.favourite) && (
        <span className="pointer-events-none absolute top-2 right-2 flex gap-1">
          {o.kind !== "image" && (
            <span className={badge}>
              <Icon className="size-4" aria-hidden />
            </span>
          )}
          {o.favourite && (
            <span className={badge}>
              <Star className="size-4 fill-current" role="img" aria-label={t.results.favourites} />
            </span>
          )}
        </span>
      )}
      {heads && !selecting && <SweepMark output={o} narrow={width < 200} onOpen={actions.sweep} />}
      {(near || selecting || selected) && <Choose output={o} selected={selected} onToggle={onToggle} />}
      {near && !selecting && width > 96 && <Actions output={o} actions={actions} />}
    </div>
  );
});

/** own keeps a click from being one on the tile. */
const own = (run: () => void) => (e: React.MouseEvent) => {
  e.stopPropagation();
  run();
};

function Choose({ output: o, selected, onToggle }: { output: Output; selected: boolean; onToggle: (id: string) => void }) {
  return (
    <button
      type="button"
      tabIndex={-1}
      aria-label={t.results.selectOne(nameOf(o))}
      aria-pressed={selected}
      onClick={own(() => onToggle(o.id))}
      // The circle is small; what is hit is not.
      className="absolute top-0 left-0 grid size-9 animate-in place-items-center"
    >
      <Ticked on={selected} />
    </button>
  );
}

/** SweepMark stands on the first of a sweep's results and leads to all of them, as a grid. */
const SweepMark = ({ output: o, narrow, onOpen }: { output: Output; narrow: boolean; onOpen: (o: Output) => void }) => (
  <button
    type="button"
    tabIndex={-1}
    aria-label={t.results.showSweep}
    title={t.results.showSweep}
    onClick={own(() => onOpen(o))}
    className={cx(badge, "absolute bottom-1.5 left-1.5 h-7 w-auto grid-flow-col gap-1.5 px-1.5 text-sm hover:bg-black")}
  >
    <Grid3x3 className="size-4" aria-hidden />
    {!narrow && t.results.sweep}
  </button>
);

function Actions({ output: o, actions }: { output: Output; actions: TileActions }) {
  const look = { look: "over", size: "icon-sm", tabIndex: -1 } as const;
  return (
    <span className="absolute right-1.5 bottom-1.5 flex animate-in gap-1">
      <IconButton
        {...look}
        label={o.favourite ? t.results.unfavourite : t.results.favourite}
        keys="f"
        onClick={own(() => actions.favourite(o))}
      >
        <Star className={cx(o.favourite && "fill-current")} />
      </IconButton>
      {o.kind === "image" && (
        <IconButton {...look} label={t.results.use} keys="i" onClick={own(() => actions.use(o))}>
          <ImageUp />
        </IconButton>
      )}
      <IconButton {...look} label={t.results.download} keys="d" onClick={own(() => actions.download(o))}>
        <Download />
      </IconButton>
    </span>
  );
}
