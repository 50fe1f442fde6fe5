import type { Mask, Rect } from "./mask";

/** pack writes bytes as runs, [count, value] each: a mask has few. */
export function pack(bytes: Uint8Array): Uint32Array {
  const runs: number[] = [];
  for (let i = 0; i < bytes.length; ) {
    const value = bytes[i] as number;
    let n = 1;
    while (i + n < bytes.length && bytes[i + n] === value) n++;
    runs.push(n, value);
    i += n;
  }
  return Uint32Array.from(runs);
}

export function unpack(runs: Uint32Array, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (let i = 0; i + 1 < runs.length; i += 2) {
    const n = runs[i] as number;
    bytes.fill(runs[i + 1] as number, at, at + n);
    at += n;
  }
  return bytes;
}

interface Step {
  part: Rect;
  before: Uint32Array;
  after: Uint32Array;
}

/** A History undoes and redoes without an end. It keeps what each operation changed, packed. */
export class History {
  private done: Step[] = [];
  private undone: Step[] = [];
  private start: Uint8Array | undefined;

  constructor(private mask: Mask) {}

  get canUndo() {
    return this.done.length > 0;
  }

  get canRedo() {
    return this.undone.length > 0;
  }

  /** begin remembers how it is before an operation. */
  begin() {
    this.start = this.mask.data.slice();
  }

  /** commit ends an operation that changed a part. */
  commit(part: Rect | undefined) {
    const before = this.start;
    this.start = undefined;
    if (!before || !part || part.width === 0 || part.height === 0) return;
    const step = { part, before: pack(cut(before, this.mask.width, part)), after: pack(cut(this.mask.data, this.mask.width, part)) };
    if (step.before.length === step.after.length && step.before.every((v, i) => v === step.after[i])) return;
    this.done.push(step);
    this.undone = [];
  }

  /** revert ends an operation as if it had not begun; the steps before it stay. */
  revert(part: Rect | undefined) {
    const before = this.start;
    this.start = undefined;
    if (before && part) this.put(part, cut(before, this.mask.width, part));
  }

  undo(): Rect | undefined {
    const step = this.done.pop();
    if (!step) return undefined;
    this.undone.push(step);
    return this.restore(step.part, step.before);
  }

  redo(): Rect | undefined {
    const step = this.undone.pop();
    if (!step) return undefined;
    this.done.push(step);
    return this.restore(step.part, step.after);
  }

  private restore(part: Rect, packed: Uint32Array): Rect {
    this.put(part, unpack(packed, part.width * part.height));
    return part;
  }

  private put(part: Rect, bytes: Uint8Array) {
    for (let y = 0; y < part.height; y++) {
      this.mask.data.set(bytes.subarray(y * part.width, (y + 1) * part.width), (part.y + y) * this.mask.width + part.x);
    }
  }
}

function cut(data: Uint8Array, width: number, part: Rect): Uint8Array {
  const out = new Uint8Array(part.width * part.height);
  for (let y = 0; y < part.height; y++) {
    const from = (part.y + y) * width + part.x;
    out.set(data.subarray(from, from + part.width), y * part.width);
  }
  return out;
}
