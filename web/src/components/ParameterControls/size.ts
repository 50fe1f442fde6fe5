export interface SizeLimits {
  minWidth: number;
  maxWidth: number;
  minHeight: number;
  maxHeight: number;
  step: number;
}

export const ratios = ["1:1", "4:3", "3:2", "16:9", "21:9", "3:4", "2:3", "9:16"] as const;

const hold = (n: number, min: number, max: number, step: number) => {
  const rounded = Math.round(n / step) * step;
  return Math.min(Math.floor(max / step) * step, Math.max(Math.ceil(min / step) * step, rounded));
};

/** sized gives a size of a ratio with about as many pixels as before, on the step and inside the limits. */
export function sized(ratio: string, width: number, height: number, l: SizeLimits): { width: number; height: number } {
  const [a = 1, b = 1] = ratio.split(":").map(Number);
  let area = width * height;
  // The largest area at which both sides fit.
  area = Math.min(area, l.maxWidth * ((l.maxWidth * b) / a), l.maxHeight * ((l.maxHeight * a) / b));
  const w = Math.sqrt((area * a) / b);
  return { width: hold(w, l.minWidth, l.maxWidth, l.step), height: hold((w * b) / a, l.minHeight, l.maxHeight, l.step) };
}

/** ratioOf names the ratio that a size has, within 3 percent: steps round sizes. */
export function ratioOf(width: number, height: number): string | undefined {
  return ratios.find((r) => {
    const [a = 1, b = 1] = r.split(":").map(Number);
    return Math.abs((width / height) * (b / a) - 1) < 0.03;
  });
}
