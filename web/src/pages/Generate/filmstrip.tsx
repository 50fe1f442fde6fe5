import { Clock, TriangleAlert, X } from "lucide-react";
import { memo, useEffect, useRef } from "react";
import type { Progress as RunProgress } from "@/api/types";
import { Preview } from "@/components/OutputView/preview";
import { OutputThumbnail } from "@/components/OutputView/thumbnail";
import { t } from "@/text";
import { useRun } from "./use-runs";

/** Filmstrip is the runs of this sitting, newest first; arrow keys walk it. */
export function Filmstrip({ ids, shown, onShow }: { ids: string[]; shown: string | undefined; onShow: (id: string) => void }) {
  const strip = useRef<HTMLDivElement>(null);
  // Not under the hand of who looks for another one.
  useEffect(() => {
    const film = strip.current;
    if (shown && !film?.matches(":hover, :focus-within"))
      film?.querySelector(`[data-run="${shown}"]`)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [shown]);
  if (ids.length === 0) return null;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for a form
    <div
      role="group"
      aria-label={t.generate.filmstrip}
      ref={strip}
      className="scroll flex shrink-0 gap-1.5 p-0.5"
      onKeyDown={(e) => {
        const by = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
        const next = by && ids[ids.indexOf(shown ?? "") + by];
        if (!next) return;
        e.preventDefault();
        onShow(next);
        strip.current?.querySelector<HTMLElement>(`[data-run="${next}"]`)?.focus();
      }}
    >
      {ids.map((id, i) => (
        <Frame key={id} id={id} n={ids.length - i} shown={id === shown} onShow={onShow} />
      ))}
    </div>
  );
}

const Frame = memo(function Frame({ id, n, shown, onShow }: { id: string; n: number; shown: boolean; onShow: (id: string) => void }) {
  const { job, gone } = useRun(id);
  const output = job?.outputs[0];
  const fraction = (job?.progress as RunProgress | null)?.fraction ?? 0;
  if (gone) return null;
  return (
    <button
      type="button"
      data-run={id}
      aria-label={t.generate.film(job?.state ?? "", n)}
      aria-pressed={shown}
      tabIndex={shown ? 0 : -1}
      onClick={() => onShow(id)}
      className="relative size-16 shrink-0 overflow-hidden rounded-md bg-sunken text-muted ring-accent aria-pressed:ring-2 phone:size-18"
    >
      {output ? (
        <OutputThumbnail output={output} compact />
      ) : (
        <Preview id={id} place="film" className="size-full object-cover">
          <span className="grid size-full place-items-center [&_svg]:size-5">
            {job?.state === "failed" ? <TriangleAlert className="text-bad" /> : job?.state === "cancelled" ? <X /> : <Clock />}
          </span>
        </Preview>
      )}
      {job?.state === "running" && (
        <span className="absolute inset-x-1 bottom-1 h-1 overflow-hidden rounded-full bg-over">
          <span className="block h-full origin-left bg-white" style={{ transform: `scaleX(${fraction})` }} />
        </span>
      )}
    </button>
  );
});
