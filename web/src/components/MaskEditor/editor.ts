import { History } from "./history";
import { Mask, type Point, type Rect, union } from "./mask";
import { tintPart } from "./paint";
import { fitView, panBy, pinch, pressed, toPicture, type View, zoomAt } from "./view";

export type Tool = "brush" | "eraser" | "rectangle" | "lasso";

const mostPixels = 12_000_000; // of a mask: the server scales it to the picture

/** State is what the bars around the picture show. */
export interface State {
  tool: Tool;
  radius: number; // pixels of the picture
  canUndo: boolean;
  canRedo: boolean;
  share: number;
}

/** An Editor paints a mask over a picture on a canvas: pointers, pen, fingers and keys; it draws once per frame. */
export class Editor {
  readonly mask: Mask;
  private history: History;
  private overlay: OffscreenCanvas;
  private view: View = { scale: 1, x: 0, y: 0 };
  private tool: Tool = "brush";
  private radius: number;
  private pointers = new Map<number, Point>();
  private stroke: { id: number; erase: boolean; last: Point; lastRadius: number; points: Point[]; part: Rect | undefined } | undefined;
  private panning: number | undefined;
  private spaceHeld = false;
  private cursor: { at: Point; radius: number } | undefined;
  private frame = 0;
  private fitted = true;
  private scale: number; // mask pixels per picture pixel

  constructor(
    private canvas: HTMLCanvasElement,
    private picture: ImageBitmap,
    private bars: { x: number; top: number; bottom: number },
    private changed: (s: State) => void,
    initial?: (mask: Mask) => void,
  ) {
    this.scale = Math.min(1, Math.sqrt(mostPixels / (picture.width * picture.height)));
    this.mask = new Mask(Math.max(1, Math.round(picture.width * this.scale)), Math.max(1, Math.round(picture.height * this.scale)));
    initial?.(this.mask);
    this.history = new History(this.mask);
    this.overlay = new OffscreenCanvas(this.mask.width, this.mask.height);
    this.radius = Math.max(4, Math.round(Math.min(picture.width, picture.height) / 24));
    this.paintOver(this.mask.all);
  }

  /** mount begins to listen; the function it gives ends that. */
  mount(): () => void {
    const stop = new AbortController();
    const on = { signal: stop.signal };
    const c = this.canvas;
    c.addEventListener("pointerdown", this.down, on);
    c.addEventListener("pointermove", this.move, on);
    c.addEventListener("pointerup", this.up, on);
    c.addEventListener("pointercancel", this.up, on);
    c.addEventListener("pointerleave", this.leave, on);
    c.addEventListener("contextmenu", (e) => e.preventDefault(), on);
    c.addEventListener("wheel", this.wheel, { ...on, passive: false });
    const watch = new ResizeObserver(() => this.resize());
    watch.observe(c);
    this.tell();
    return () => {
      stop.abort();
      watch.disconnect();
      cancelAnimationFrame(this.frame);
    };
  }

  setTool(tool: Tool) {
    this.tool = tool;
    this.tell();
  }

  setRadius(radius: number) {
    this.radius = Math.max(1, Math.min(Math.max(this.picture.width, this.picture.height) / 2, radius));
    if (this.cursor) this.cursor.radius = this.radius;
    this.tell();
  }

  setSpace(held: boolean) {
    this.spaceHeld = held;
    this.canvas.style.cursor = held ? "grab" : "none";
  }

  undo = () => this.after(this.history.undo());
  redo = () => this.after(this.history.redo());
  invert = () => this.apply(() => this.mask.invert());
  clear = () => this.apply(() => this.mask.clear());
  /** grow and feather count in pixels of the picture. */
  grow = (by: number) => this.apply(() => this.mask.grow(by * this.scale));
  feather = (by: number) => this.apply(() => this.mask.feather(by * this.scale));

  zoom(factor: number) {
    this.fitted = false;
    this.view = zoomAt(this.view, factor, { x: this.canvas.clientWidth / 2, y: this.canvas.clientHeight / 2 });
    this.redraw();
  }

  fit = () => {
    this.fitted = true;
    this.view = fitView(this.picture, { width: this.canvas.clientWidth, height: this.canvas.clientHeight }, this.bars);
    this.redraw();
  };

  /** nudge moves the brush by keys, and stamp paints where it is. */
  nudge(dx: number, dy: number) {
    const at = this.cursor?.at ?? { x: this.picture.width / 2, y: this.picture.height / 2 };
    this.cursor = {
      at: { x: Math.max(0, Math.min(this.picture.width, at.x + dx)), y: Math.max(0, Math.min(this.picture.height, at.y + dy)) },
      radius: this.radius,
    };
    this.redraw();
  }

  stamp() {
    if (!this.cursor) this.nudge(0, 0);
    const at = this.ofMask(this.cursor?.at as Point);
    const r = this.radius * this.scale;
    this.apply(() => this.mask.stroke(at, r, at, r, this.tool === "eraser"));
  }

  private apply(operation: () => Rect) {
    this.history.begin();
    const part = operation();
    this.history.commit(part);
    this.after(part);
  }

  private after(part: Rect | undefined) {
    if (!part) return;
    this.paintOver(part);
    this.tell();
  }

  private tell() {
    this.changed({
      tool: this.tool,
      radius: this.radius,
      canUndo: this.history.canUndo,
      canRedo: this.history.canRedo,
      share: this.mask.share(),
    });
    this.redraw();
  }

  private ofMask = (p: Point): Point => ({ x: p.x * this.scale, y: p.y * this.scale });

  private at(e: PointerEvent): Point {
    const box = this.canvas.getBoundingClientRect();
    return { x: e.clientX - box.left, y: e.clientY - box.top };
  }

  private down = (e: PointerEvent) => {
    this.canvas.setPointerCapture(e.pointerId);
    this.canvas.focus({ preventScroll: true });
    const at = this.at(e);
    this.pointers.set(e.pointerId, at);
    if (e.pointerType === "touch" && this.pointers.size === 2) {
      // A second finger: it was no stroke but the begin of a pinch.
      if (this.stroke) {
        this.history.revert(this.stroke.part);
        this.after(this.stroke.part);
        this.stroke = undefined;
        this.redraw();
      }
      return;
    }
    if (this.pointers.size > 1) return;
    if (this.spaceHeld || e.button === 1) {
      this.panning = e.pointerId;
      this.canvas.style.cursor = "grabbing";
      return;
    }
    const p = this.ofMask(toPicture(this.view, at));
    const radius = pressed(this.radius, e) * this.scale;
    const erase = this.tool === "eraser" || e.button === 2 || e.button === 5; // the pen's other end
    this.history.begin();
    this.stroke = { id: e.pointerId, erase, last: p, lastRadius: radius, points: [p], part: undefined };
    if (this.tool === "brush" || this.tool === "eraser") this.extend(p, radius);
    this.redraw();
  };

  private move = (e: PointerEvent) => {
    const at = this.at(e);
    const was = this.pointers.get(e.pointerId);
    if (this.pointers.size === 2 && was && !this.stroke && this.panning === undefined) {
      const other = [...this.pointers].find(([id]) => id !== e.pointerId)?.[1] as Point;
      this.view = pinch(this.view, [was, other], [at, other]);
      this.fitted = false;
      this.pointers.set(e.pointerId, at);
      return this.redraw();
    }
    if (was) this.pointers.set(e.pointerId, at);
    if (this.panning === e.pointerId && was) {
      this.view = panBy(this.view, at.x - was.x, at.y - was.y);
      this.fitted = false;
      return this.redraw();
    }
    this.cursor = { at: toPicture(this.view, at), radius: pressed(this.radius, e) };
    if (this.stroke?.id === e.pointerId) {
      const events = e.getCoalescedEvents?.() ?? [];
      for (const one of events.length ? events : [e]) {
        const p = this.ofMask(toPicture(this.view, this.at(one)));
        if (this.tool === "brush" || this.tool === "eraser") this.extend(p, pressed(this.radius, one) * this.scale);
        else this.stroke.points.push(p);
      }
    }
    this.redraw();
  };

  private extend(p: Point, radius: number) {
    const s = this.stroke;
    if (!s) return;
    const part = this.mask.stroke(s.last, s.lastRadius, p, radius, s.erase);
    s.part = union(s.part, part);
    s.last = p;
    s.lastRadius = radius;
    this.paintOver(part);
  }

  private up = (e: PointerEvent) => {
    this.pointers.delete(e.pointerId);
    if (this.panning === e.pointerId) {
      this.panning = undefined;
      this.setSpace(this.spaceHeld);
    }
    const s = this.stroke;
    if (s?.id !== e.pointerId) return;
    this.stroke = undefined;
    if (e.type !== "pointercancel") {
      const last = s.points[s.points.length - 1] as Point;
      if (this.tool === "rectangle") s.part = this.mask.rectangle(s.points[0] as Point, last, s.erase);
      if (this.tool === "lasso") s.part = this.mask.lasso(s.points, s.erase);
    }
    this.history.commit(s.part);
    this.after(s.part ?? this.mask.clip(0, 0, 0, 0));
    if (e.pointerType === "touch") this.leave();
  };

  private leave = () => {
    if (this.stroke) return;
    this.cursor = undefined;
    this.redraw();
  };

  private wheel = (e: WheelEvent) => {
    e.preventDefault();
    this.fitted = false;
    const box = this.canvas.getBoundingClientRect();
    const lines = e.deltaMode === 1 ? 16 : 1;
    // A pinch on a touchpad comes as a wheel with Ctrl.
    this.view = zoomAt(this.view, Math.exp(-e.deltaY * lines * (e.ctrlKey ? 0.01 : 0.0015)), {
      x: e.clientX - box.left,
      y: e.clientY - box.top,
    });
    this.redraw();
  };

  private resize() {
    const dpr = devicePixelRatio || 1;
    this.canvas.width = Math.max(1, Math.round(this.canvas.clientWidth * dpr));
    this.canvas.height = Math.max(1, Math.round(this.canvas.clientHeight * dpr));
    if (this.fitted) this.fit();
    this.redraw();
  }

  // The line along the edge looks at neighbours: a part is painted with a pixel around it.
  private paintOver(part: Rect) {
    const p = this.mask.clip(part.x - 1, part.y - 1, part.x + part.width + 1, part.y + part.height + 1);
    if (p.width === 0 || p.height === 0) return;
    this.overlay.getContext("2d")?.putImageData(tintPart(this.mask, p), p.x, p.y);
    this.redraw();
  }

  private redraw() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  private draw() {
    const context = this.canvas.getContext("2d");
    if (!context) return;
    const dpr = devicePixelRatio || 1;
    const { scale, x, y } = this.view;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    context.setTransform(dpr * scale, 0, 0, dpr * scale, dpr * x, dpr * y);
    context.imageSmoothingEnabled = scale < 3;
    context.drawImage(this.picture, 0, 0);
    context.drawImage(this.overlay, 0, 0, this.picture.width, this.picture.height);
    const line = (width: number, style: string, path: () => void) => {
      context.lineWidth = width / scale;
      context.strokeStyle = style;
      context.beginPath();
      path();
      context.stroke();
    };
    const both = (path: () => void) => {
      line(3, "oklch(0 0 0 / 0.6)", path);
      line(1.25, "oklch(1 0 0)", path);
    };
    const s = this.stroke;
    if (s && this.tool === "rectangle") {
      const [a, b] = [s.points[0] as Point, s.points[s.points.length - 1] as Point];
      both(() => context.rect(a.x / this.scale, a.y / this.scale, (b.x - a.x) / this.scale, (b.y - a.y) / this.scale));
    } else if (s && this.tool === "lasso") {
      both(() => {
        for (const p of s.points) context.lineTo(p.x / this.scale, p.y / this.scale);
      });
    }
    const c = this.cursor;
    if (c && !this.spaceHeld) {
      if (this.tool === "brush" || this.tool === "eraser") both(() => context.arc(c.at.x, c.at.y, c.radius, 0, 2 * Math.PI));
      else {
        const r = 8 / scale;
        both(() => {
          context.moveTo(c.at.x - r, c.at.y);
          context.lineTo(c.at.x + r, c.at.y);
          context.moveTo(c.at.x, c.at.y - r);
          context.lineTo(c.at.x, c.at.y + r);
        });
      }
    }
  }
}
