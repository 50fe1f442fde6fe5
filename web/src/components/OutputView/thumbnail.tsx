import { useState } from "react";
import type { Output } from "@/api/client";
import { bytes } from "@/text/format";
import { baseName, kindIcon, small } from "./picture";

interface ThumbnailProps {
  output: Output;
  size?: number; // pixels of the longer side that are asked for
  compact?: boolean; // the box has no room for words
  blur?: boolean; // the smallest picture stands in for one that takes long
  onStale?: () => void; // the address holds no more
}

/**
 * OutputThumbnail is a result in a small box, the caller's: a picture, a video's first frame, the words of a text, or
 * kind and name. Galleries have hundreds of them: no filter, no transition, no state until something is wrong.
 */
export function OutputThumbnail({ output: o, compact, size = compact ? 256 : 512, blur, onStale }: ThumbnailProps) {
  const [broken, setBroken] = useState("");
  const Icon = kindIcon[o.kind];
  const src = small(o, size) ?? (o.kind === "image" ? o.url : undefined);
  if (src && broken !== src) {
    const tiny = blur ? small(o, 32) : undefined;
    const fill = "absolute inset-0 size-full object-cover";
    return (
      <>
        {tiny && <img src={tiny} alt="" fetchPriority="high" draggable={false} className={fill} />}
        <img
          src={src}
          alt=""
          decoding="async"
          draggable={false}
          onError={() => {
            setBroken(src);
            onStale?.();
          }}
          className={fill}
        />
      </>
    );
  }
  if (o.kind === "video" && !broken) {
    return (
      <>
        <Icon className="absolute inset-0 m-auto size-6 stroke-1 text-muted" aria-hidden />
        <video
          src={`${o.url}#t=0.1`}
          preload="metadata"
          muted
          loop
          playsInline
          tabIndex={-1}
          aria-hidden
          onError={() => setBroken(o.url)}
          onPointerEnter={(e) => void e.currentTarget.play().catch(() => {})}
          onPointerLeave={(e) => e.currentTarget.pause()}
          className="absolute inset-0 size-full object-cover"
        />
      </>
    );
  }
  if (compact || o.kind === "image") {
    return <Icon className="absolute inset-0 m-auto size-5 text-muted" aria-hidden />;
  }
  return (
    <span className="absolute inset-0 flex flex-col gap-2 overflow-hidden p-3 text-left text-muted">
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
