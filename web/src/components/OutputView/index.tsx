import { lazy, Suspense } from "react";
import type { Output } from "@/api/client";
import { t } from "@/text";
import { cx } from "@/ui/cx";
import { Picture } from "./picture";

// Most results are pictures: what shows the others is loaded with the first of them.
const Other = lazy(() => import("./other"));

interface OutputViewProps {
  output: Output;
  alt?: string; // of a picture
  zoomed?: boolean; // at its actual size
  onZoom?: () => void;
  onStale?: () => void; // the address holds no more
}

/**
 * OutputView shows a result as what it is, as large as there is room: picture, video, sound, text, 3D model, or a file
 * to download. The room is the caller's, positioned and a container by size (`relative [container-type:size]`).
 */
export function OutputView({ output, onStale, ...picture }: OutputViewProps) {
  if (output.kind === "image") return <FittedImage key={output.id} output={output} onStale={onStale} {...picture} />;
  return (
    <Suspense>
      <Other key={output.id} output={output} onStale={onStale} />
    </Suspense>
  );
}

function FittedImage({ output: o, alt, zoomed, onZoom, onStale }: OutputViewProps) {
  const w = o.width ?? 1024;
  const h = o.height ?? 1024;
  // Fitted: as large as the room, never larger than twice the picture.
  const style = zoomed ? { width: w, height: h } : { aspectRatio: `${w} / ${h}`, width: `min(100cqw, 100cqh * ${w / h}, ${w * 2}px)` };
  const picture = <Picture key={o.url} output={o} src={o.url} alt={alt} fit="contain" onBroken={onStale} />;
  return (
    <div className="scroll absolute inset-0 flex">
      {onZoom ? (
        <button
          type="button"
          onClick={onZoom}
          aria-label={zoomed ? t.results.zoomOut : t.results.zoomIn}
          className={cx("relative m-auto block shrink-0", zoomed ? "cursor-zoom-out" : "cursor-zoom-in")}
          style={style}
        >
          {picture}
        </button>
      ) : (
        <div className="relative m-auto shrink-0" style={style}>
          {picture}
        </div>
      )}
    </div>
  );
}
