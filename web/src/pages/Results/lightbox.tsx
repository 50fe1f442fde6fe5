import { useQuery } from "@tanstack/react-query";
import { ChevronLeft, ChevronRight, Columns2, Download, ImageUp, PanelRight, RotateCcw, Star, Trash2, X } from "lucide-react";
import { useEffect, useState } from "react";
import type { Output } from "@/api/client";
import { useShortcuts } from "@/app/shortcuts";
import { OutputView } from "@/components/OutputView";
import { t } from "@/text";
import { Button, IconButton } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Dialog } from "@/ui/dialog";
import { Failed } from "@/ui/empty";
import { resultQueries } from "./data";
import { Details } from "./details";
import { useSwipe } from "./swipe";

export const wholeWindow =
  "inset-0 max-h-none rounded-none border-0 bg-page phone:inset-0 phone:max-h-none phone:w-auto phone:translate-x-0";

export interface ItemActions {
  favourite: (items: Output[]) => void;
  download: (items: Output[]) => void;
  use: (o: Output) => void;
  again: (o: Output) => void;
  compare: (a: Output, b: Output) => void;
  sweep: (o: Output) => void; // shows the sweep that it is of
  remove: (items: Output[]) => void;
}

interface LightboxProps {
  id: string | undefined; // nothing is shown without it
  items: Output[]; // through which the arrow keys go
  total: string; // how many there are: "200+"
  onOpen: (id: string | undefined) => void;
  onClosed: () => boolean; // as that of Dialog
  onEnd: () => void; // the last one is shown
  actions: ItemActions;
}

/** Lightbox shows one result as large as the window, with all that is known of it at its side. */
export function Lightbox({ id, items, total, onOpen, onClosed, onEnd, actions }: LightboxProps) {
  const [kept, setKept] = useState(id);
  useEffect(() => {
    if (id) setKept(id);
  }, [id]);
  return (
    <Dialog
      bare
      title={t.results.lightbox}
      open={id !== undefined}
      onOpenChange={(o) => !o && onOpen(undefined)}
      className={wholeWindow}
      onClosed={onClosed}
    >
      {(id ?? kept) && <Shown id={(id ?? kept) as string} items={items} total={total} onOpen={onOpen} onEnd={onEnd} actions={actions} />}
    </Dialog>
  );
}

function Shown({ id, items, total, onOpen, onEnd, actions }: Omit<LightboxProps, "id" | "onClosed"> & { id: string }) {
  const at = items.findIndex((o) => o.id === id);
  const asked = useQuery(resultQueries.one(at < 0 ? id : undefined));
  const o = at >= 0 ? items[at] : asked.data;
  const newer = at > 0 ? items[at - 1] : undefined;
  const older = at >= 0 ? items[at + 1] : undefined;
  const [zoomed, setZoomed] = useState(false);
  const [details, setDetails] = useState(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another result is fitted again
  useEffect(() => setZoomed(false), [id]);
  useEffect(() => {
    if (at >= items.length - 3) onEnd();
    // The neighbours are loaded before they are wanted.
    for (const next of [older, newer]) if (next?.kind === "image") new Image().src = next.url;
  }, [at, items.length, older, newer, onEnd]);
  const act = (run: (o: Output) => void) => () => o && run(o);
  const remove = act((gone) => {
    onOpen((older ?? newer)?.id);
    actions.remove([gone]);
  });
  const isImage = o?.kind === "image";
  const neighbour = [older, newer].find((n) => n?.kind === "image");
  const swipe = useSwipe((to) => {
    const next = to < 0 ? older : newer;
    if (next) onOpen(next.id);
  });
  const swipes = isImage && !zoomed; // a model is turned by the finger, a player has its own slider
  const compare = () => o && isImage && neighbour && actions.compare(o, neighbour);
  useShortcuts([
    { keys: "arrowleft", label: t.results.previous, group: "dialog", run: () => newer && onOpen(newer.id) },
    { keys: "arrowright", label: t.results.next, group: "dialog", run: () => older && onOpen(older.id) },
    { keys: "f", label: t.results.favourite, group: "dialog", run: act((x) => actions.favourite([x])) },
    { keys: "d", label: t.results.download, group: "dialog", run: act((x) => actions.download([x])) },
    { keys: "i", label: t.results.use, group: "dialog", run: act((x) => x.kind === "image" && actions.use(x)) },
    { keys: "r", label: t.results.again, group: "dialog", run: act(actions.again) },
    { keys: "c", label: t.results.compareWith, group: "dialog", run: compare },
    { keys: "g", label: t.results.showSweep, group: "dialog", run: act(actions.sweep) },
    { keys: "z", label: t.results.keys.zoom, group: "dialog", run: () => setZoomed((z) => !z) },
    { keys: "delete", label: t.results.delete, group: "dialog", run: remove },
    { keys: "backspace", label: t.results.delete, group: "dialog", run: remove },
  ]);
  if (!o) {
    return (
      <div className="relative h-full">
        <IconButton label={t.app.close} className="absolute top-2 left-2" onClick={() => onOpen(undefined)}>
          <X />
        </IconButton>
        {asked.error && <Failed error={asked.error} onRetry={() => void asked.refetch()} />}
      </div>
    );
  }
  return (
    <div className="flex h-full flex-col">
      <header className="flex h-12 shrink-0 items-center gap-1 border-line border-b px-2">
        <IconButton label={t.app.close} keys="escape" onClick={() => onOpen(undefined)}>
          <X />
        </IconButton>
        <p className="min-w-0 flex-1 truncate px-1 text-muted text-sm" aria-live="polite">
          {at >= 0 && t.results.place(at + 1, total)}
        </p>
        <IconButton
          label={o.favourite ? t.results.unfavourite : t.results.favourite}
          keys="f"
          aria-pressed={o.favourite}
          onClick={() => actions.favourite([o])}
        >
          <Star className={cx(o.favourite && "fill-current")} />
        </IconButton>
        {isImage && neighbour && (
          <IconButton label={t.results.compareWith} keys="c" className="hidden phone:inline-flex" onClick={compare}>
            <Columns2 />
          </IconButton>
        )}
        <IconButton label={t.results.download} keys="d" onClick={() => actions.download([o])}>
          <Download />
        </IconButton>
        <IconButton label={t.results.delete} keys="delete" onClick={remove}>
          <Trash2 />
        </IconButton>
        <IconButton
          label={t.results.details}
          aria-pressed={details}
          className="hidden lg:inline-flex"
          onClick={() => setDetails((d) => !d)}
        >
          <PanelRight />
        </IconButton>
      </header>
      <div className="scroll flex min-h-0 flex-1 flex-col lg:flex-row lg:overflow-hidden">
        <div
          className={cx(
            "group/stage relative h-[58dvh] shrink-0 bg-sunken [container-type:size] lg:h-auto lg:flex-1 lg:shrink",
            swipes && "[&_*]:[touch-action:pan-y_pinch-zoom]",
          )}
          {...(swipes && swipe)}
        >
          <OutputView output={o} zoomed={zoomed} onZoom={() => setZoomed((z) => !z)} />
          {newer && (
            <IconButton
              label={t.results.previous}
              keys="arrowleft"
              look="over"
              className="absolute inset-y-0 left-2 my-auto"
              onClick={() => onOpen(newer.id)}
            >
              <ChevronLeft />
            </IconButton>
          )}
          {older && (
            <IconButton
              label={t.results.next}
              keys="arrowright"
              look="over"
              className="absolute inset-y-0 right-2 my-auto"
              onClick={() => onOpen(older.id)}
            >
              <ChevronRight />
            </IconButton>
          )}
        </div>
        <aside
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
          tabIndex={0}
          aria-label={t.results.details}
          className={cx("scroll shrink-0 p-4 lg:w-90 lg:border-line lg:border-l", !details && "lg:hidden")}
        >
          <div className="mb-4 flex gap-2">
            <Button look="primary" className="flex-1" onClick={() => actions.again(o)}>
              <RotateCcw aria-hidden />
              {t.results.again}
            </Button>
            {isImage && (
              <Button onClick={() => actions.use(o)}>
                <ImageUp aria-hidden />
                {t.results.use}
              </Button>
            )}
          </div>
          <Details output={o} />
        </aside>
      </div>
    </div>
  );
}
