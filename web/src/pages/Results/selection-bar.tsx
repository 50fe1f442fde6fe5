import { Check, Columns2, Download, Star, Trash2, X } from "lucide-react";
import type { Output } from "@/api/client";
import { t } from "@/text";
import { IconButton } from "@/ui/button";
import { cx } from "@/ui/cx";
import type { ItemActions } from "./lightbox";
import type { Selection } from "./selection";

/** pairIn are the two results that can be compared, when just they are chosen. */
export function pairIn(chosen: Output[]): [Output, Output] | undefined {
  const [a, b] = chosen;
  return chosen.length === 2 && a?.kind === "image" && b?.kind === "image" ? [a, b] : undefined;
}

/** Ticked is the circle on a result that says whether it is chosen. */
export const Ticked = ({ on, className }: { on: boolean; className?: string }) => (
  <span
    className={cx(
      "grid size-6 place-items-center rounded-full border",
      on ? "border-fill bg-fill text-on-fill" : "border-white/70 bg-over text-transparent",
      className,
    )}
  >
    <Check className="size-4" aria-hidden />
  </span>
);

interface SelectionBarProps {
  selection: Selection;
  chosen: Output[];
  onRemove: () => void;
  onDone: () => void;
  actions: ItemActions;
}

/** SelectionBar floats over the results while some are chosen, with what can be done with all of them. */
export function SelectionBar({ selection, chosen, onRemove, onDone, actions }: SelectionBarProps) {
  const none = chosen.length === 0;
  const pair = pairIn(chosen);
  const all = !none && chosen.every((o) => o.favourite);
  return (
    <div className="pointer-events-none sticky bottom-4 z-20 flex justify-center">
      <div
        role="toolbar"
        aria-label={t.results.selected(chosen.length)}
        className="pointer-events-auto flex animate-in items-center gap-1 rounded-lg border border-line bg-raised p-1.5 shadow-float"
      >
        <span className="px-2 font-medium" role="status">
          {t.results.selected(chosen.length)}
        </span>
        <IconButton
          label={pair ? t.results.compare : t.results.onlyImages}
          words={t.results.compare}
          keys="c"
          disabled={!pair}
          onClick={() => pair && actions.compare(...pair)}
        >
          <Columns2 />
        </IconButton>
        <IconButton
          label={all ? t.results.unfavourite : t.results.favourite}
          keys="f"
          disabled={none}
          aria-pressed={all}
          onClick={() => actions.favourite(chosen)}
        >
          <Star />
        </IconButton>
        <IconButton
          label={chosen.length > 1 ? t.results.downloadZip : t.results.download}
          words={chosen.length > 1 ? t.results.downloadZip : t.results.download}
          keys="d"
          disabled={none}
          onClick={() => actions.download(chosen)}
        >
          <Download />
        </IconButton>
        <IconButton label={t.results.delete} keys="delete" disabled={none} onClick={onRemove}>
          <Trash2 />
        </IconButton>
        <span className="mx-1 h-5 w-px bg-line" />
        <IconButton
          label={t.results.clearSelection}
          keys="escape"
          onClick={() => {
            selection.clear();
            onDone();
          }}
        >
          <X />
        </IconButton>
      </div>
    </div>
  );
}
