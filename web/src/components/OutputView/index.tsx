import { FileBox, FileText, Music } from "lucide-react";
import { useState } from "react";
import type { Output } from "@/api/client";
import { t } from "@/text";
import { buttonLook } from "@/ui/button";
import { cx } from "@/ui/cx";

/** OutputView shows a result as what it is: picture, video, sound, text, or a file to download. */
export function OutputView({
  output,
  alt,
  className,
  onStale,
}: {
  output: Output;
  alt?: string;
  className?: string;
  onStale?: () => void;
}) {
  const [loaded, setLoaded] = useState("");
  const fit = cx("max-h-full max-w-full object-contain", className);
  switch (output.kind) {
    case "image":
      return (
        <>
          {loaded !== output.id && output.thumbnail_url && (
            <img src={output.thumbnail_url} alt="" aria-hidden className={fit} /> // stands there until the large one came
          )}
          <img
            key={output.id}
            src={output.url}
            alt={alt ?? output.name}
            width={output.width ?? undefined}
            height={output.height ?? undefined}
            draggable={false}
            onLoad={() => setLoaded(output.id)}
            onError={onStale}
            className={fit}
          />
        </>
      );
    case "video":
      return <video key={output.id} src={output.url} controls loop autoPlay muted playsInline onError={onStale} className={fit} />;
    case "audio":
      return (
        <div className="grid w-full max-w-120 justify-items-center gap-4 p-6">
          <Music className="size-10 stroke-1 text-muted" aria-hidden />
          {/* biome-ignore lint/a11y/useMediaCaption: what a workflow makes has none */}
          <audio src={output.url} controls onError={onStale} className="w-full" />
        </div>
      );
    case "text":
      return (
        <pre className="scroll max-h-full w-full max-w-180 whitespace-pre-wrap break-words p-6 font-sans text-base">{output.text}</pre>
      );
    default:
      return (
        <div className="grid justify-items-center gap-3 p-6 text-center">
          <FileBox className="size-10 stroke-1 text-muted" aria-hidden />
          <p className="break-all">{output.name}</p>
          <a href={output.url} download={output.name} className={buttonLook()}>
            {t.generate.download}
          </a>
        </div>
      );
  }
}

/** OutputThumbnail is a result in a small square. */
export function OutputThumbnail({ output, className, onStale }: { output: Output; className?: string; onStale?: () => void }) {
  if (output.thumbnail_url)
    return (
      <img src={output.thumbnail_url} alt="" draggable={false} onError={onStale} className={cx("size-full object-cover", className)} />
    );
  if (output.kind === "video")
    return <video src={`${output.url}#t=0.1`} muted playsInline preload="metadata" className={cx("size-full object-cover", className)} />;
  const Icon = output.kind === "audio" ? Music : output.kind === "text" ? FileText : FileBox;
  return (
    <span className={cx("grid size-full place-items-center text-muted", className)}>
      <Icon className="size-5" aria-hidden />
    </span>
  );
}
