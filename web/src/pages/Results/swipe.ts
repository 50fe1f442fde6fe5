import { type PointerEvent, useRef } from "react";

const far = 48; // pixels that a finger goes before it is meant

/** swiped is where a finger went: -1 to the left, 1 to the right, 0 when it went nowhere or up and down. */
export function swiped(dx: number, dy: number): -1 | 0 | 1 {
  if (Math.abs(dx) < far || Math.abs(dx) < 2 * Math.abs(dy)) return 0;
  return dx < 0 ? -1 : 1;
}

/** useSwipe tells of one finger that goes to a side. The element must leave such gestures to the page (touch-action). */
export function useSwipe(run: (to: -1 | 1) => void) {
  const from = useRef<{ x: number; y: number }>(undefined);
  return {
    onPointerDown: (e: PointerEvent) => {
      // A second finger makes it something else.
      from.current = e.pointerType === "touch" && e.isPrimary ? { x: e.clientX, y: e.clientY } : undefined;
    },
    onPointerUp: (e: PointerEvent) => {
      const begun = from.current;
      from.current = undefined;
      const to = begun ? swiped(e.clientX - begun.x, e.clientY - begun.y) : 0;
      if (to !== 0) run(to);
    },
    onPointerCancel: () => {
      from.current = undefined;
    },
  };
}
