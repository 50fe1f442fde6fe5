import type { Point } from "./mask";

/** A View is where the picture is on the screen: screen = picture * scale + (x, y). */
export interface View {
  scale: number;
  x: number;
  y: number;
}

const least = 0.02;
const most = 40;

/** fitView shows a picture whole in a box, with a margin, never larger than it is. */
export function fitView(
  picture: { width: number; height: number },
  box: { width: number; height: number },
  margin: { x: number; top: number; bottom: number },
): View {
  const [w, h] = [Math.max(1, box.width - 2 * margin.x), Math.max(1, box.height - margin.top - margin.bottom)];
  const scale = Math.min(w / picture.width, h / picture.height, 1 / devicePixels());
  const enlarged = Math.max(scale, Math.min(w / picture.width, h / picture.height, 2));
  return { scale: enlarged, x: (box.width - picture.width * enlarged) / 2, y: margin.top + (h - picture.height * enlarged) / 2 };
}

const devicePixels = () => globalThis.devicePixelRatio || 1;

/** zoomAt changes the scale and keeps what is under a point of the screen there. */
export function zoomAt(v: View, factor: number, at: Point): View {
  const scale = Math.max(least, Math.min(most, v.scale * factor));
  const by = scale / v.scale;
  return { scale, x: at.x - (at.x - v.x) * by, y: at.y - (at.y - v.y) * by };
}

export const panBy = (v: View, dx: number, dy: number): View => ({ ...v, x: v.x + dx, y: v.y + dy });

export const toPicture = (v: View, p: Point): Point => ({ x: (p.x - v.x) / v.scale, y: (p.y - v.y) / v.scale });

/** pinch follows two fingers: from where they were to where they are. */
export function pinch(v: View, was: [Point, Point], now: [Point, Point]): View {
  const mid = (p: [Point, Point]) => ({ x: (p[0].x + p[1].x) / 2, y: (p[0].y + p[1].y) / 2 });
  const span = (p: [Point, Point]) => Math.max(1, Math.hypot(p[0].x - p[1].x, p[0].y - p[1].y));
  const [a, b] = [mid(was), mid(now)];
  return zoomAt(panBy(v, b.x - a.x, b.y - a.y), span(now) / span(was), b);
}

/** pressed is a brush's radius under a pen: a third of it at the lightest touch. */
export const pressed = (radius: number, pointer: { pointerType: string; pressure: number }) =>
  pointer.pointerType === "pen" ? radius * (0.33 + 0.67 * pointer.pressure) : radius;
