import { AudioLines, Box, FileText, Film, Image as ImageIcon } from "lucide-react";
import { useState } from "react";
import type { Output } from "@/api/client";
import { t } from "@/text";
import { cx } from "@/ui/cx";

export const kindIcon = { image: ImageIcon, video: Film, audio: AudioLines, text: FileText, file: Box };

/** small is the address of a result's small picture, its longer side of so many pixels. */
export const small = (o: Output, size: number) => (o.thumbnail_url ? `${o.thumbnail_url}&size=${size}` : undefined);

/** baseName is the last part of a result's name, which may have folders. */
export const baseName = (name: string) => name.split("/").at(-1) ?? name;

/** nameOf says what a result is to who does not see it. */
export const nameOf = (o: Output) => t.results.tile(t.results.kindOne[o.kind] ?? o.kind, o.prompt, baseName(o.name));

interface PictureProps {
  output: Output;
  src: string;
  alt?: string;
  fit?: "cover" | "contain";
  className?: string;
  onBroken?: () => void;
}

/**
 * Picture is an image that is blurred while it loads: first the smallest, then the one that is wanted. Its box is the
 * caller's, who knows the size from the metadata.
 */
export function Picture({ output, src, alt, fit = "cover", className, onBroken }: PictureProps) {
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
          alt={alt ?? nameOf(output)}
          decoding="async"
          draggable={false}
          onLoad={() => setState("there")}
          onError={() => {
            setState("broken");
            onBroken?.();
          }}
          className={cx("absolute inset-0 size-full transition-opacity duration-180", fitted, state === "loading" && "opacity-0")}
        />
      )}
    </span>
  );
}
