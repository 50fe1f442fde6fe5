// Justified rows: pictures keep their ratio, a row fills the width, and all of it is known before a picture is loaded.

export interface Sized {
  width?: number | null; // pixels
  height?: number | null;
}

export interface Row {
  start: number; // index of its first item
  top: number; // pixels, like all that follows
  height: number;
  widths: number[];
}

/** ratioOf is width to height, held to what fits a row; 1 for what has no size, such as a sound. */
export function ratioOf({ width, height }: Sized, unsized = 1): number {
  if (!width || !height) return unsized;
  return Math.min(3.2, Math.max(0.45, width / height));
}

/**
 * justify puts items in rows of about the target's height that fill the width. The last row, and one with too little
 * in it, keeps the target's height instead of being blown up.
 */
export function justify(items: Sized[], width: number, target: number, gap: number): Row[] {
  const rows: Row[] = [];
  if (width <= 0) return rows;
  let top = 0;
  let start = 0;
  let sum = 0;
  const close = (end: number, full: boolean) => {
    const room = width - gap * (end - start - 1);
    const height = full ? room / sum : Math.min(target, room / sum);
    const widths = items.slice(start, end).map((item) => ratioOf(item) * height);
    rows.push({ start, top, height, widths });
    top += height + gap;
    start = end;
    sum = 0;
  };
  for (let i = 0; i < items.length; i++) {
    const ratio = ratioOf(items[i] as Sized);
    const before = sum > 0 ? (width - gap * (i - start - 1)) / sum : Infinity;
    const after = (width - gap * (i - start)) / (sum + ratio);
    // The item goes where the row's height is nearer to the target.
    if (after < target && sum > 0 && before - target < target - after) close(i, true);
    sum += ratio;
    if ((width - gap * (i - start)) / sum <= target) close(i + 1, true);
  }
  if (start < items.length) close(items.length, false);
  return rows;
}

/** rowOf is the row that has an item. */
export function rowOf(rows: Row[], index: number): number {
  let low = 0;
  let high = rows.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((rows[middle] as Row).start <= index) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** moved is the item that a key leads to from another one; up and down go to what is nearest in the next row. */
export function moved(rows: Row[], count: number, from: number, key: string, gap: number, page = 4): number {
  const hold = (i: number) => Math.max(0, Math.min(count - 1, i));
  const vertical = (by: number) => {
    const at = rowOf(rows, from);
    const to = Math.max(0, Math.min(rows.length - 1, at + by));
    const here = rows[at];
    const there = rows[to];
    if (!here || !there || to === at) return from;
    const middle = (row: Row, n: number) => row.widths.slice(0, n).reduce((sum, w) => sum + w + gap, 0) + (row.widths[n] ?? 0) / 2;
    const x = middle(here, from - here.start);
    let best = 0;
    for (let n = 1; n < there.widths.length; n++) {
      if (Math.abs(middle(there, n) - x) < Math.abs(middle(there, best) - x)) best = n;
    }
    return there.start + best;
  };
  switch (key) {
    case "ArrowLeft":
      return hold(from - 1);
    case "ArrowRight":
      return hold(from + 1);
    case "ArrowUp":
      return vertical(-1);
    case "ArrowDown":
      return vertical(1);
    case "PageUp":
      return vertical(-page);
    case "PageDown":
      return vertical(page);
    case "Home":
      return 0;
    case "End":
      return hold(count - 1);
  }
  return from;
}
