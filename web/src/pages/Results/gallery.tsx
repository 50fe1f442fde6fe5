// biome-ignore-all lint/a11y/useSemanticElements: a table cannot place justified rows
import { useVirtualizer } from "@tanstack/react-virtual";
import { Check, Download, ImageUp, Star } from "lucide-react";
import { memo, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { Output } from "@/api/client";
import { t } from "@/text";
import { IconButton } from "@/ui/button";
import { cx } from "@/ui/cx";
import { justify, moved, type Row, rowOf } from "./layout";
import { kindIcon, nameOf, Preview } from "./media";
import type { Selection } from "./selection";

const gap = 4;
const rush = 80; // ms that a tile is there before its picture is asked for, while the gallery is scrolled
const overscan = 700; // pixels above and below that are drawn already

export interface TileActions {
  open: (o: Output) => void;
  favourite: (o: Output) => void;
  download: (o: Output) => void;
  use: (o: Output) => void;
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

/** focusTile puts the keyboard on a result of the gallery, when it is drawn. */
export const focusTile = (id: string) => document.getElementById(`result-${id}`)?.focus({ preventScroll: true });

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
        if (!row) return null;
        return (
          // biome-ignore lint/a11y/useFocusableInteractive: its cells are
          <div
            key={index}
            role="row"
            aria-rowindex={index + 1}
            className="absolute inset-x-0 flex"
            style={{ top: start - place.margin, height: row.height, gap }}
          >
            {row.widths.map((width, n) => {
              const o = items[row.start + n];
              return (
                o && (
                  <Tile
                    key={o.id}
                    output={o}
                    width={width}
                    focusable={row.start + n === at}
                    selected={selection.has(o.id)}
                    selecting={selecting}
                    passing={virtual.isScrolling}
                    actions={actions}
                    onClick={click}
                    onToggle={selection.toggle}
                    onActive={onActive}
                  />
                )
              );
            })}
          </div>
        );
      })}
    </div>
  );
}

interface TileProps {
  output: Output;
  width: number;
  focusable: boolean;
  selected: boolean;
  selecting: boolean;
  passing: boolean; // the gallery is being scrolled
  actions: TileActions;
  onClick: (o: Output, e: React.MouseEvent) => void;
  onToggle: (id: string) => void;
  onActive: (id: string) => void;
}

/** sameTile: scrolling that begins or ends changes nothing of a tile that is there. */
const sameTile = ({ passing: _a, ...a }: TileProps, { passing: _b, ...b }: TileProps) =>
  (Object.keys(a) as (keyof typeof a)[]).every((k) => a[k] === b[k]);

/** Tile is one result: its picture, and on hover what is done most. The keys for that are the page's. */
const Tile = memo(function Tile({
  output: o,
  width,
  focusable,
  selected,
  selecting,
  passing,
  actions,
  onClick,
  onToggle,
  onActive,
}: TileProps) {
  const Icon = kindIcon[o.kind];
  // A tile that only rushes by loads nothing.
  const [shown, setShown] = useState(!passing);
  useEffect(() => {
    if (shown) return;
    const later = setTimeout(() => setShown(true), rush);
    return () => clearTimeout(later);
  }, [shown]);
  const stop = (run: () => void) => (e: React.MouseEvent) => {
    e.stopPropagation();
    run();
  };
  const onHover = "opacity-0 group-hover:opacity-100 group-focus-visible:opacity-100 focus-visible:opacity-100";
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the grid's
    <div
      id={`result-${o.id}`}
      role="gridcell"
      tabIndex={focusable ? 0 : -1}
      aria-selected={selected}
      aria-label={nameOf(o)}
      onClick={(e) => onClick(o, e)}
      onFocus={() => onActive(o.id)}
      className="group relative shrink-0 overflow-hidden rounded-sm bg-sunken focus-visible:z-10 focus-visible:outline-offset-2"
      style={{ width }}
    >
      <span className={cx("absolute inset-0 transition-transform duration-150", selected && "scale-[0.92]")}>
        {shown && <Preview output={o} />}
      </span>
      {selected && <span className="pointer-events-none absolute inset-0 rounded-sm border-2 border-accent" />}
      <button
        type="button"
        tabIndex={-1}
        aria-label={t.results.selectOne(nameOf(o))}
        aria-pressed={selected}
        onClick={stop(() => onToggle(o.id))}
        className={cx(
          "absolute top-1.5 left-1.5 grid size-6 place-items-center rounded-full border transition-opacity duration-150",
          selected ? "border-fill bg-fill text-on-fill" : cx("border-white/70 bg-over text-transparent", !selecting && onHover),
        )}
      >
        <Check className="size-4" aria-hidden />
      </button>
      <span className="pointer-events-none absolute top-2 right-2 flex gap-1">
        {o.kind !== "image" && (
          <span className="grid size-6 place-items-center rounded-md bg-over text-white">
            <Icon className="size-4" aria-hidden />
          </span>
        )}
        {o.favourite && (
          <span className="grid size-6 place-items-center rounded-md bg-over text-white">
            <Star className="size-4 fill-current" role="img" aria-label={t.results.favourites} />
          </span>
        )}
      </span>
      {!selecting && width > 96 && (
        <span
          className={cx("absolute right-1.5 bottom-1.5 hidden gap-1 transition-opacity duration-150 [@media(hover:hover)]:flex", onHover)}
        >
          <IconButton
            label={o.favourite ? t.results.unfavourite : t.results.favourite}
            keys="f"
            look="over"
            size="icon-sm"
            tabIndex={-1}
            onClick={stop(() => actions.favourite(o))}
          >
            <Star className={cx(o.favourite && "fill-current")} />
          </IconButton>
          {o.kind === "image" && (
            <IconButton label={t.results.use} keys="i" look="over" size="icon-sm" tabIndex={-1} onClick={stop(() => actions.use(o))}>
              <ImageUp />
            </IconButton>
          )}
          <IconButton
            label={t.results.download}
            keys="d"
            look="over"
            size="icon-sm"
            tabIndex={-1}
            onClick={stop(() => actions.download(o))}
          >
            <Download />
          </IconButton>
        </span>
      )}
    </div>
  );
}, sameTile);
