import {
  Brush,
  Check,
  Contrast,
  Eraser,
  Lasso,
  Maximize,
  Redo2,
  SquareDashed,
  Trash2,
  Undo2,
  Waves,
  X,
  ZoomIn,
  ZoomOut,
} from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { upload } from "@/api/client";
import { useShortcuts } from "@/app/shortcuts";
import { fetchPicture } from "@/components/ParameterControls/picture-blob";
import { pictureOf } from "@/components/ParameterControls/take-file";
import type { Picture } from "@/components/ParameterControls/values";
import { t } from "@/text";
import { mask as pageText } from "@/text/en/mask";
import { Button, IconButton } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Dialog } from "@/ui/dialog";
import { Failed } from "@/ui/empty";
import { NumberInput } from "@/ui/number-input";
import { Popover } from "@/ui/popover";
import { Segments } from "@/ui/segments";
import { Slider } from "@/ui/slider";
import { toast } from "@/ui/toast";
import { Editor, type State, type Tool } from "./editor";
import { readMask, toPNG } from "./paint";

interface MaskEditorProps {
  image: Picture;
  mask?: Picture; // goes on with this one
  onClose: () => void;
  onDone: (mask: Picture) => void;
}

const bars = () => ({ x: 12, top: 64, bottom: matchMedia("(width < 640px)").matches ? 108 : 76 }); // of two rows on a phone

/** MaskEditor paints what is to be made anew, over the picture at full size. */
export default function MaskEditor({ image, mask, onClose, onDone }: MaskEditorProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const editor = useRef<Editor>(undefined);
  const [state, setState] = useState<State>();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);

  useEffect(() => {
    let unmount = () => {};
    const stop = new AbortController();
    void (async () => {
      try {
        const [picture, before] = await Promise.all([
          bitmap(image, stop.signal),
          mask ? bitmap(mask, stop.signal).catch(() => undefined) : undefined,
        ]);
        if (stop.signal.aborted || !canvas.current) return;
        editor.current = new Editor(canvas.current, picture, bars(), setState, before && ((m) => readMask(before, m)));
        unmount = editor.current.mount();
        canvas.current.focus();
      } catch (problem) {
        if (!stop.signal.aborted) setError(problem);
      }
    })();
    return () => {
      stop.abort();
      unmount();
    };
  }, [image, mask]);

  useEffect(() => {
    const key = (e: KeyboardEvent) => {
      if (e.key !== " " || (e.target as HTMLElement).tagName !== "CANVAS") return;
      e.preventDefault();
      editor.current?.setSpace(e.type === "keydown");
    };
    addEventListener("keydown", key);
    addEventListener("keyup", key);
    return () => {
      removeEventListener("keydown", key);
      removeEventListener("keyup", key);
    };
  }, []);

  const done = async () => {
    const e = editor.current;
    if (!e || busy) return;
    if (e.mask.isEmpty()) return toast.failed(new Error(pageText.empty));
    setBusy(true);
    try {
      onDone(pictureOf(await upload(await toPNG(e.mask), "mask.png")));
    } catch (problem) {
      toast.failed(problem);
      setBusy(false);
    }
  };

  const radius = state?.radius ?? 10;
  const tool = (which: Tool, keys: string) => ({
    keys,
    label: pageText[which],
    group: "dialog",
    run: () => editor.current?.setTool(which),
  });
  const nudge = (keys: string, dx: number, dy: number) => [
    { keys, label: "", group: "dialog", run: () => editor.current?.nudge(dx * radius, dy * radius) },
    { keys: `shift+${keys}`, label: "", group: "dialog", run: () => editor.current?.nudge(dx, dy) },
  ];
  useShortcuts([
    tool("brush", "b"),
    tool("eraser", "e"),
    tool("rectangle", "r"),
    tool("lasso", "l"),
    { keys: "[", label: pageText.smaller, group: "dialog", run: () => editor.current?.setRadius(radius / 1.2) },
    { keys: "]", label: pageText.larger, group: "dialog", run: () => editor.current?.setRadius(Math.max(radius + 1, radius * 1.2)) },
    { keys: "i", label: pageText.invert, group: "dialog", run: () => editor.current?.invert() },
    { keys: "mod+z", label: pageText.undo, group: "dialog", run: () => editor.current?.undo() },
    { keys: "mod+shift+z", label: pageText.redo, group: "dialog", run: () => editor.current?.redo() },
    { keys: "mod+y", label: pageText.redo, group: "dialog", run: () => editor.current?.redo() },
    { keys: "+", label: pageText.zoomIn, group: "dialog", run: () => editor.current?.zoom(1.25) },
    { keys: "-", label: pageText.zoomOut, group: "dialog", run: () => editor.current?.zoom(0.8) },
    { keys: "0", label: pageText.fit, group: "dialog", run: () => editor.current?.fit() },
    { keys: "mod+enter", label: pageText.use, group: "dialog", inFields: true, run: () => void done() },
    { keys: "x", label: pageText.brush, group: "dialog", run: () => editor.current?.stamp() },
    ...nudge("arrowleft", -1, 0),
    ...nudge("arrowright", 1, 0),
    ...nudge("arrowup", 0, -1),
    ...nudge("arrowdown", 0, 1),
  ]);

  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={pageText.title}
      bare
      className="inset-0 max-h-none rounded-none border-0 bg-sunken phone:inset-0 phone:max-h-none phone:w-auto phone:translate-x-0"
    >
      <div className="relative h-dvh w-full overflow-hidden">
        {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: it takes keys of its own */}
        <canvas
          ref={canvas}
          tabIndex={0}
          role="application"
          aria-label={pageText.canvas}
          data-autofocus
          onKeyDown={(e) => {
            if (e.key === "Enter" && !e.defaultPrevented) {
              e.preventDefault();
              void done();
            }
          }}
          className="absolute inset-0 size-full touch-none outline-none"
          style={{ cursor: "none" }}
        />
        {!state && !error && <p className="absolute inset-0 grid place-items-center text-muted">{pageText.loading}</p>}
        {error !== undefined && (
          <div className="absolute inset-0">
            <Failed error={error} />
          </div>
        )}
        <div className="pointer-events-none absolute inset-x-3 top-3 flex flex-wrap items-start justify-between gap-2 *:[button]:pointer-events-auto">
          <Button size="lg" onClick={onClose}>
            <X />
            {t.app.cancel}
          </Button>
          {/* On a phone it has a row of its own, over the picture: it goes when that is painted on. */}
          <p
            role="status"
            className={cx(
              "rounded-md bg-raised px-3 py-2.5 text-muted shadow-float max-phone:order-last max-phone:mx-auto",
              state && state.share > 0 && "max-phone:sr-only",
            )}
          >
            {state && state.share > 0 ? pageText.share((state.share * 100).toFixed(state.share < 0.1 ? 1 : 0)) : pageText.hint}
          </p>
          <Button size="lg" look="primary" busy={busy} disabled={!state} onClick={() => void done()}>
            <Check />
            {pageText.use}
          </Button>
        </div>
        <div className="absolute inset-x-0 bottom-3 flex justify-center px-3">
          <div
            role="toolbar"
            aria-label={pageText.tools}
            className="flex max-w-full flex-wrap items-center justify-center gap-1 rounded-lg border border-line bg-raised p-1 shadow-float"
          >
            <Segments<Tool>
              label={pageText.tools}
              value={state?.tool ?? "brush"}
              onChange={(v) => editor.current?.setTool(v)}
              options={[
                { value: "brush", label: <Brush />, title: pageText.brush },
                { value: "eraser", label: <Eraser />, title: pageText.eraser },
                { value: "rectangle", label: <SquareDashed />, title: pageText.rectangle },
                { value: "lasso", label: <Lasso />, title: pageText.lasso },
              ]}
            />
            <Slider
              label={pageText.size}
              value={Math.log2(radius)}
              onChange={(v) => editor.current?.setRadius(2 ** v)}
              min={0}
              max={9}
              step={0.05}
              className="mx-2 w-24 phone:w-32"
            />
            <Edge onGrow={(n) => editor.current?.grow(n)} onFeather={(n) => editor.current?.feather(n)} />
            <IconButton label={pageText.invert} keys="i" onClick={() => editor.current?.invert()}>
              <Contrast />
            </IconButton>
            <IconButton label={pageText.clear} onClick={() => editor.current?.clear()}>
              <Trash2 />
            </IconButton>
            <span className="mx-0.5 h-5 w-px bg-line" />
            <IconButton label={pageText.undo} keys="mod+z" disabled={!state?.canUndo} onClick={() => editor.current?.undo()}>
              <Undo2 />
            </IconButton>
            <IconButton label={pageText.redo} keys="mod+shift+z" disabled={!state?.canRedo} onClick={() => editor.current?.redo()}>
              <Redo2 />
            </IconButton>
            <span className="mx-0.5 h-5 w-px bg-line" />
            <IconButton label={pageText.zoomOut} keys="-" onClick={() => editor.current?.zoom(0.8)}>
              <ZoomOut />
            </IconButton>
            <IconButton label={pageText.fit} keys="0" onClick={() => editor.current?.fit()}>
              <Maximize />
            </IconButton>
            <IconButton label={pageText.zoomIn} keys="+" onClick={() => editor.current?.zoom(1.25)}>
              <ZoomIn />
            </IconButton>
          </div>
        </div>
      </div>
    </Dialog>
  );
}

function Edge({ onGrow, onFeather }: { onGrow: (n: number) => void; onFeather: (n: number) => void }) {
  const [by, setBy] = useState(8);
  return (
    <Popover
      label={pageText.edge}
      side="top"
      align="center"
      className="grid w-60 gap-2"
      trigger={
        <Button look="quiet" size="icon" aria-label={pageText.edge} title={pageText.edge}>
          <Waves />
        </Button>
      }
    >
      <div className="flex items-center gap-3">
        <Slider label={pageText.edge} value={by} onChange={setBy} min={1} max={64} step={1} className="flex-1" />
        <NumberInput aria-label={pageText.edge} value={by} onChange={setBy} min={1} max={512} unit={pageText.pixels} className="w-18" />
      </div>
      <Button onClick={() => onGrow(by)}>{pageText.grow}</Button>
      <Button onClick={() => onGrow(-by)}>{pageText.shrink}</Button>
      <Button onClick={() => onFeather(by)}>{pageText.feather}</Button>
    </Popover>
  );
}

const bitmap = async (p: Picture, signal: AbortSignal) => createImageBitmap(await fetchPicture(p, signal));
