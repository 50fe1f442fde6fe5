import { useQuery } from "@tanstack/react-query";
import { AudioLines, Box, FileText, Film, Image as ImageIcon } from "lucide-react";
import { useState } from "react";
import { authorized, type Output } from "@/api/client";
import { Problem } from "@/api/problem";
import { t } from "@/text";
import { bytes } from "@/text/format";
import { buttonLook } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Empty } from "@/ui/empty";
import { baseName } from "./data";

export const kindIcon = { image: ImageIcon, video: Film, audio: AudioLines, text: FileText, file: Box };

/** small is the address of a result's small picture, its longer side of so many pixels. */
export const small = (o: Output, size: number) => (o.thumbnail_url ? `${o.thumbnail_url}&size=${size}` : undefined);

/** nameOf says what a result is to who does not see it. */
export const nameOf = (o: Output) => t.results.tile(t.results.kindOne[o.kind] ?? o.kind, o.prompt, baseName(o.name));

/**
 * Picture is an image that is blurred while it loads: first the smallest, then the one that is wanted. Its box is the
 * caller's, who knows the size from the metadata.
 */
export function Picture({
  output,
  src,
  className,
  fit = "cover",
}: {
  output: Output;
  src: string;
  className?: string;
  fit?: "cover" | "contain";
}) {
  const [state, setState] = useState<"loading" | "there" | "broken">("loading");
  const Icon = kindIcon[output.kind];
  const blur = small(output, 32);
  const fitted = fit === "cover" ? "object-cover" : "object-contain";
  return (
    <span className={cx("absolute inset-0 overflow-hidden", className)}>
      {state !== "there" && blur && (
        <img src={blur} alt="" aria-hidden className={cx("absolute inset-0 size-full scale-105 blur-lg", fitted)} draggable={false} />
      )}
      {state === "broken" ? (
        <span className="absolute inset-0 grid place-items-center text-muted">
          <Icon className="size-6" aria-label={t.results.broken} />
        </span>
      ) : (
        <img
          src={src}
          alt={nameOf(output)}
          decoding="async"
          draggable={false}
          onLoad={() => setState("there")}
          onError={() => setState("broken")}
          className={cx("absolute inset-0 size-full transition-opacity duration-180", fitted, state === "loading" && "opacity-0")}
        />
      )}
    </span>
  );
}

/** Preview is what a tile of the gallery shows of a result. */
export function Preview({ output: o }: { output: Output }) {
  const Icon = kindIcon[o.kind];
  if (o.kind === "image") return <Picture output={o} src={small(o, 512) ?? o.url} />;
  if (o.kind === "video") {
    return (
      <>
        <Icon className="absolute inset-0 m-auto size-8 stroke-1 text-muted" aria-hidden />
        <video
          src={`${o.url}#t=0.1`}
          preload="metadata"
          muted
          loop
          playsInline
          tabIndex={-1}
          aria-label={nameOf(o)}
          onPointerEnter={(e) => void e.currentTarget.play().catch(() => {})}
          onPointerLeave={(e) => e.currentTarget.pause()}
          className="absolute inset-0 size-full object-cover"
        />
      </>
    );
  }
  return (
    <span className="absolute inset-0 flex flex-col gap-2 overflow-hidden p-3 text-muted">
      <Icon className="size-5 shrink-0" aria-hidden />
      {o.kind === "text" && o.text ? (
        <span className="line-clamp-6 whitespace-pre-wrap break-words text-sm text-text">{o.text}</span>
      ) : (
        <>
          <span className="line-clamp-3 break-all text-sm text-text">{baseName(o.name)}</span>
          <span className="text-sm">{bytes(o.bytes)}</span>
        </>
      )}
    </span>
  );
}

/** Video plays a result. A format that the browser does not know has no picture, and says so. */
function Video({ output: o }: { output: Output }) {
  const [broken, setBroken] = useState(false);
  if (broken) return <Unshown output={o} hint={t.results.noVideo} />;
  const w = o.width ?? 16;
  const h = o.height ?? 9;
  return (
    <div className="absolute inset-0 grid place-items-center">
      <video
        src={o.url}
        controls
        autoPlay
        muted
        loop
        playsInline
        aria-label={nameOf(o)}
        onError={() => setBroken(true)}
        onLoadedMetadata={(e) => e.currentTarget.videoWidth === 0 && setBroken(true)}
        style={{ aspectRatio: `${w} / ${h}`, width: `min(100cqw, 100cqh * ${w / h})` }}
      />
    </div>
  );
}

/** Unshown is what no browser shows: its name, its kind, and the way to have it. */
function Unshown({ output: o, hint }: { output: Output; hint: string }) {
  const Icon = kindIcon[o.kind];
  return (
    <div className="absolute inset-0">
      <Empty
        icon={<Icon />}
        title={baseName(o.name)}
        hint={
          <>
            {o.media_type}, {bytes(o.bytes)}
            <br />
            {hint}
          </>
        }
      >
        <a href={o.url} download={baseName(o.name)} className={buttonLook({ look: "primary" })}>
          {t.results.download}
        </a>
      </Empty>
    </div>
  );
}

const mostText = 1 << 20; // bytes that are shown of a text

/** Full shows a result as what it is, as large as there is room. */
export function Full({ output: o, zoomed, onZoom }: { output: Output; zoomed: boolean; onZoom: () => void }) {
  switch (o.kind) {
    case "image":
      return <FittedImage output={o} zoomed={zoomed} onZoom={onZoom} />;
    case "video":
      return <Video key={o.id} output={o} />;
    case "audio":
      return (
        <div className="absolute inset-0 flex flex-col items-center justify-center gap-6 p-6">
          <AudioLines className="size-16 stroke-1 text-muted" aria-hidden />
          {/* biome-ignore lint/a11y/useMediaCaption: as above */}
          <audio key={o.id} src={o.url} controls aria-label={nameOf(o)} className="w-full max-w-120" />
        </div>
      );
    case "text":
      return <Text output={o} />;
    default:
      return <Unshown output={o} hint={t.results.noPreview} />;
  }
}

function FittedImage({ output: o, zoomed, onZoom }: { output: Output; zoomed: boolean; onZoom: () => void }) {
  const w = o.width ?? 1024;
  const h = o.height ?? 1024;
  return (
    <div className="scroll absolute inset-0 flex">
      <button
        type="button"
        key={o.id}
        onClick={onZoom}
        aria-label={zoomed ? t.results.zoomOut : t.results.zoomIn}
        className={cx("relative m-auto block shrink-0", zoomed ? "cursor-zoom-out" : "cursor-zoom-in")}
        // Fitted: as large as the room, never larger than twice the picture. The room is a container (cq units).
        style={zoomed ? { width: w, height: h } : { aspectRatio: `${w} / ${h}`, width: `min(100cqw, 100cqh * ${w / h}, ${w * 2}px)` }}
      >
        <Picture output={o} src={o.url} fit="contain" />
      </button>
    </div>
  );
}

function Text({ output: o }: { output: Output }) {
  const text = useQuery({
    queryKey: ["results", "text", o.id],
    enabled: o.text === undefined && o.bytes <= mostText,
    staleTime: Infinity,
    queryFn: async ({ signal }) => {
      const answer = await authorized(o.url, { signal });
      if (!answer.ok) throw new Problem({ status: answer.status, detail: t.results.broken, hint: t.results.brokenHint });
      return answer.text();
    },
  });
  const shown = o.text ?? text.data;
  if (text.error) return <Empty title={text.error.message} hint={t.results.brokenHint} />;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
    <section tabIndex={0} aria-label={t.results.text} className="scroll absolute inset-0 p-6">
      <p className="mx-auto max-w-160 whitespace-pre-wrap break-words text-lg">{shown}</p>
    </section>
  );
}
