import { type ReactNode, useEffect, useRef } from "react";
import { events, useHasPreview } from "@/api/events";

interface PreviewProps {
  id: string; // of a running job
  place: string; // where it stands, for those who look for it
  className?: string;
  children: ReactNode; // what stands there until the first one
}

/**
 * Preview shows the newest preview of a run. It is drawn on a canvas, since a browser keeps each picture that an element
 * ever had, encoded and decoded: at ten a second that is gigabytes in an hour. Frames that come while one is decoded are
 * left out, but for the newest.
 */
export function Preview({ id, place, className, children }: PreviewProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const there = useHasPreview(id);
  useEffect(() => {
    if (!there) return;
    let [busy, shown, stopped] = [false, "", false];
    const show = async () => {
      const next = events.preview(id);
      if (busy || stopped || !next || next === shown) return;
      busy = true;
      shown = next;
      try {
        const bitmap = await createImageBitmap(blobOf(next));
        if (canvas.current) draw(canvas.current, bitmap);
        bitmap.close();
      } catch {
        // a frame that cannot be read is followed by others
      }
      busy = false;
      void show();
    };
    void show();
    const off = events.subscribe(`preview ${id}`, () => void show());
    return () => {
      stopped = true;
      off();
    };
  }, [id, there]);
  return there ? <canvas ref={canvas} width={0} height={0} data-preview={place} className={className} aria-hidden /> : children;
}

function draw(canvas: HTMLCanvasElement, bitmap: ImageBitmap) {
  if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
    canvas.width = bitmap.width;
    canvas.height = bitmap.height;
  }
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
}

/** blobOf is the file in a data: address. */
function blobOf(address: string): Blob {
  const comma = address.indexOf(",");
  const bytes = Uint8Array.from(atob(address.slice(comma + 1)), (c) => c.charCodeAt(0));
  return new Blob([bytes], { type: address.slice("data:".length, address.indexOf(";")) });
}
