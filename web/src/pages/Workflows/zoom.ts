import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { flushSync } from "react-dom";

const least = 0.25;
const most = 2;
const step = 1.25; // of a press of "+" or "-"

export interface Zoom {
  scale: number;
  closer: () => void;
  further: () => void;
  fit: () => void; // all of it in sight, as far as it can still be read
}

/**
 * useZoom shows a drawing of a fixed size in a box that scrolls: wheel with Ctrl and two fingers zoom at the pointer, a
 * mouse drags. It begins fitted to the box's width, but never so small that titles cannot be read.
 */
export function useZoom(box: RefObject<HTMLElement | null>, width: number, height: number, readable: number): Zoom {
  const [scale, setScale] = useState(1);
  const now = useRef(scale);
  now.current = scale;
  // What is at a point of the box stays there.
  const keep = useRef<{ left: number; top: number } | undefined>(undefined);
  const to = useCallback(
    (next: number, at?: { x: number; y: number }) => {
      const element = box.current;
      if (!element) return;
      const held = Math.min(most, Math.max(least, next));
      const point = at ?? { x: element.clientWidth / 2, y: element.clientHeight / 2 };
      // A drawing that is smaller than the box stands in its middle.
      const place = (scroll: number, at: number, room: number, size: number) => {
        const before = scroll + at - Math.max(0, (room - size * now.current) / 2);
        return (before * held) / now.current + Math.max(0, (room - size * held) / 2) - at;
      };
      keep.current = {
        left: place(element.scrollLeft, point.x, element.clientWidth, width),
        top: place(element.scrollTop, point.y, element.clientHeight, height),
      };
      // At once: of two fingers on two boxes each tells of a move by itself, and the second goes on from the first.
      flushSync(() => setScale(held));
    },
    [box, width, height],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: the place is that of the new scale
  useLayoutEffect(() => {
    if (keep.current) box.current?.scrollTo({ left: keep.current.left, top: keep.current.top });
    keep.current = undefined;
  }, [scale, box]);

  useLayoutEffect(() => {
    const room = box.current?.clientWidth ?? 0;
    if (room > 0 && width > room) setScale(Math.max(readable, room / width));
  }, [box, width, readable]);

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const off = new AbortController();
    const listen = { signal: off.signal, passive: false };
    const place = (x: number, y: number) => {
      const { left, top } = element.getBoundingClientRect();
      return { x: x - left, y: y - top };
    };
    element.addEventListener(
      "wheel",
      (e) => {
        if (!e.ctrlKey && !e.metaKey) return;
        e.preventDefault();
        to(now.current * Math.exp(-e.deltaY / 300), place(e.clientX, e.clientY));
      },
      listen,
    );
    let spread = 0;
    const fingers = (e: TouchEvent) => {
      const [a, b] = e.touches;
      if (!a || !b) return undefined;
      return {
        apart: Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY),
        at: place((a.clientX + b.clientX) / 2, (a.clientY + b.clientY) / 2),
      };
    };
    element.addEventListener(
      "touchstart",
      (e) => {
        spread = fingers(e)?.apart ?? 0;
      },
      listen,
    );
    element.addEventListener(
      "touchmove",
      (e) => {
        const two = fingers(e);
        if (!two || spread === 0) return; // one finger scrolls
        e.preventDefault();
        to((now.current * two.apart) / spread, two.at);
        spread = two.apart;
      },
      listen,
    );
    element.addEventListener(
      "pointerdown",
      (e) => {
        if (e.pointerType !== "mouse" || e.button !== 0) return;
        const from = { x: e.clientX + element.scrollLeft, y: e.clientY + element.scrollTop };
        const drag = new AbortController();
        const end = () => drag.abort();
        addEventListener("pointermove", (m) => element.scrollTo(from.x - m.clientX, from.y - m.clientY), { signal: drag.signal });
        addEventListener("pointerup", end, { signal: drag.signal });
        addEventListener("pointercancel", end, { signal: drag.signal });
      },
      listen,
    );
    return () => off.abort();
  }, [box, to]);

  return {
    scale,
    closer: () => to(now.current * step),
    further: () => to(now.current / step),
    fit: () => {
      const { clientWidth = 0, clientHeight = 0 } = box.current ?? {};
      to(Math.min(1, clientWidth / width, clientHeight / height));
    },
  };
}
