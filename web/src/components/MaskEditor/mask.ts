// A mask is a byte per pixel: 255 is painted anew, 0 stays. Operations change it in place and give the part that they
// touched, so that only that is drawn and remembered again.

export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Point {
  x: number;
  y: number;
}

const threshold = 128; // from here on a pixel is of the mask, where an operation knows only yes and no

export class Mask {
  readonly data: Uint8Array;

  constructor(
    readonly width: number,
    readonly height: number,
    data?: Uint8Array,
  ) {
    this.data = data ?? new Uint8Array(width * height);
  }

  get all(): Rect {
    return { x: 0, y: 0, width: this.width, height: this.height };
  }

  /** clip is the whole pixels of a part that lie in the mask. */
  clip(x0: number, y0: number, x1: number, y1: number): Rect {
    const x = Math.max(0, Math.floor(x0));
    const y = Math.max(0, Math.floor(y0));
    return {
      x,
      y,
      width: Math.max(0, Math.min(this.width, Math.ceil(x1)) - x),
      height: Math.max(0, Math.min(this.height, Math.ceil(y1)) - y),
    };
  }

  isEmpty(): boolean {
    return !this.data.some((v) => v >= threshold);
  }

  /** share is how much of the picture is painted, 0 to 1. */
  share(): number {
    let sum = 0;
    for (const v of this.data) sum += v;
    return sum / 255 / this.data.length;
  }

  /** stroke draws a line with round ends, whose radius goes from ra to rb, with soft edges of a pixel. */
  stroke(a: Point, ra: number, b: Point, rb: number, erase: boolean): Rect {
    const r = Math.max(ra, rb) + 1;
    const box = this.clip(Math.min(a.x, b.x) - r, Math.min(a.y, b.y) - r, Math.max(a.x, b.x) + r, Math.max(a.y, b.y) + r);
    const [dx, dy] = [b.x - a.x, b.y - a.y];
    const length = dx * dx + dy * dy;
    for (let y = box.y; y < box.y + box.height; y++) {
      for (let x = box.x; x < box.x + box.width; x++) {
        const [px, py] = [x + 0.5 - a.x, y + 0.5 - a.y];
        const t = length === 0 ? 0 : Math.max(0, Math.min(1, (px * dx + py * dy) / length));
        const distance = Math.hypot(px - t * dx, py - t * dy);
        const cover = ra + (rb - ra) * t + 0.5 - distance;
        if (cover <= 0) continue;
        this.blend(y * this.width + x, Math.min(1, cover) * 255, erase);
      }
    }
    return box;
  }

  private blend(at: number, value: number, erase: boolean) {
    const now = this.data[at] ?? 0;
    this.data[at] = erase ? Math.min(now, 255 - value) : Math.max(now, value);
  }

  rectangle(a: Point, b: Point, erase: boolean): Rect {
    const box = this.clip(
      Math.round(Math.min(a.x, b.x)),
      Math.round(Math.min(a.y, b.y)),
      Math.round(Math.max(a.x, b.x)),
      Math.round(Math.max(a.y, b.y)),
    );
    for (let y = box.y; y < box.y + box.height; y++) {
      this.data.fill(erase ? 0 : 255, y * this.width + box.x, y * this.width + box.x + box.width);
    }
    return box;
  }

  /** lasso fills what a closed line goes around (even-odd). */
  lasso(points: Point[], erase: boolean): Rect {
    if (points.length < 3) return this.clip(0, 0, 0, 0);
    const xs = points.map((p) => p.x);
    const ys = points.map((p) => p.y);
    const box = this.clip(Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys));
    for (let y = box.y; y < box.y + box.height; y++) {
      const at = y + 0.5;
      const crossings: number[] = [];
      points.forEach((p, i) => {
        const q = points[(i + 1) % points.length] as Point;
        if (p.y <= at !== q.y <= at) crossings.push(p.x + ((at - p.y) / (q.y - p.y)) * (q.x - p.x));
      });
      crossings.sort((m, n) => m - n);
      for (let i = 0; i + 1 < crossings.length; i += 2) {
        const from = Math.max(box.x, Math.ceil((crossings[i] as number) - 0.5));
        const to = Math.min(box.x + box.width, Math.ceil((crossings[i + 1] as number) - 0.5));
        if (to > from) this.data.fill(erase ? 0 : 255, y * this.width + from, y * this.width + to);
      }
    }
    return box;
  }

  invert(): Rect {
    for (let i = 0; i < this.data.length; i++) this.data[i] = 255 - (this.data[i] as number);
    return this.all;
  }

  clear(): Rect {
    this.data.fill(0);
    return this.all;
  }

  /** grow moves the edge outwards by a number of pixels, inwards when it is below 0. */
  grow(by: number): Rect {
    const inwards = by < 0;
    const { width, height, data } = this;
    // How far each pixel is from what moves.
    const far = distances(width, height, (i) => (data[i] as number) >= threshold !== inwards);
    for (let i = 0; i < data.length; i++) {
      const cover = Math.round(Math.max(0, Math.min(1, Math.abs(by) + 1 - Math.sqrt(far[i] as number))) * 255);
      data[i] = inwards ? Math.min(data[i] as number, 255 - cover) : Math.max(data[i] as number, cover);
    }
    return this.all;
  }

  /** feather makes the edge soft over about as many pixels to each side: three box blurs, close to a Gaussian. */
  feather(radius: number): Rect {
    const r = Math.max(1, Math.round(radius / 1.8));
    const from = Float32Array.from(this.data);
    const to = new Float32Array(from.length);
    for (let pass = 0; pass < 3; pass++) {
      blurRows(from, to, this.width, this.height, r);
      blurColumns(to, from, this.width, this.height, r);
    }
    for (let i = 0; i < from.length; i++) this.data[i] = Math.round(from[i] as number);
    return this.all;
  }
}

const none = 1e12; // further than any picture is wide, and finite

/** distances are, by pixel, the square of the distance to the nearest pixel of a set (Felzenszwalb and Huttenlocher). */
export function distances(width: number, height: number, inside: (index: number) => boolean): Float64Array {
  const d = new Float64Array(width * height);
  for (let i = 0; i < d.length; i++) d[i] = inside(i) ? 0 : none;
  const longest = Math.max(width, height);
  const line = new Float64Array(longest);
  const spots = new Int32Array(longest);
  const bounds = new Float64Array(longest + 1);
  const along = (start: number, step: number, n: number) => {
    for (let i = 0; i < n; i++) line[i] = d[start + i * step] as number;
    let k = 0;
    spots[0] = 0;
    bounds[0] = -Infinity;
    bounds[1] = Infinity;
    for (let q = 1; q < n; q++) {
      let s: number;
      do {
        const v = spots[k] as number;
        s = ((line[q] as number) + q * q - ((line[v] as number) + v * v)) / (2 * q - 2 * v);
      } while (s <= (bounds[k] as number) && --k >= 0);
      k++;
      spots[k] = q;
      bounds[k] = s;
      bounds[k + 1] = Infinity;
    }
    k = 0;
    for (let q = 0; q < n; q++) {
      while ((bounds[k + 1] as number) < q) k++;
      const v = spots[k] as number;
      d[start + q * step] = (q - v) ** 2 + (line[v] as number);
    }
  };
  for (let x = 0; x < width; x++) along(x, width, height);
  for (let y = 0; y < height; y++) along(y * width, 1, width);
  return d;
}

function blurRows(from: Float32Array, to: Float32Array, width: number, height: number, r: number) {
  for (let y = 0; y < height; y++) blurLine(from, to, y * width, 1, width, r);
}

function blurColumns(from: Float32Array, to: Float32Array, width: number, height: number, r: number) {
  for (let x = 0; x < width; x++) blurLine(from, to, x, width, height, r);
}

// The edge of the picture counts on: a mask that reaches it stays full there.
function blurLine(from: Float32Array, to: Float32Array, start: number, step: number, n: number, r: number) {
  const at = (i: number) => from[start + Math.max(0, Math.min(n - 1, i)) * step] as number;
  let sum = 0;
  for (let i = -r; i <= r; i++) sum += at(i);
  for (let i = 0; i < n; i++) {
    to[start + i * step] = sum / (2 * r + 1);
    sum += at(i + r + 1) - at(i - r);
  }
}

/** union is the smallest part that holds both. */
export function union(a: Rect | undefined, b: Rect): Rect {
  if (!a || a.width === 0 || a.height === 0) return b;
  if (b.width === 0 || b.height === 0) return a;
  const x = Math.min(a.x, b.x);
  const y = Math.min(a.y, b.y);
  return { x, y, width: Math.max(a.x + a.width, b.x + b.width) - x, height: Math.max(a.y + a.height, b.y + b.height) - y };
}
