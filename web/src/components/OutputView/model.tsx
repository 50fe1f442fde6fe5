import { RotateCcw } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { t } from "@/text";
import { IconButton } from "@/ui/button";
import { ModelStage } from "./model-stage";

interface ModelViewProps {
  data: ArrayBuffer; // a GLB file
  label: string;
  onWrong: (why: string) => void; // it cannot be drawn, in words
}

const turn = Math.PI / 16; // radians of an arrow key
const nearer = 0.85; // distance to distance of "+"

/** ModelView draws a 3D model that is turned by mouse, touch and keys. */
export default function ModelView({ data, label, onWrong }: ModelViewProps) {
  const box = useRef<HTMLDivElement>(null);
  const stage = useRef<ModelStage>(undefined);
  const [ready, setReady] = useState(false);
  const wrong = useRef(onWrong);
  wrong.current = onWrong;
  useEffect(() => {
    if (!box.current) return;
    let open: ModelStage;
    try {
      open = new ModelStage(box.current);
    } catch {
      wrong.current(t.results.noWebGL);
      return;
    }
    stage.current = open;
    open.show(data).then(
      () => setReady(true),
      (error) => wrong.current(/decoder|loader|extension/i.test(String(error)) ? t.results.noModelPacked : t.results.noModel),
    );
    return () => open.close();
  }, [data]);
  const keyDown = (e: React.KeyboardEvent) => {
    const s = stage.current;
    if (!s || e.ctrlKey || e.metaKey || e.altKey) return;
    if (e.key === "ArrowLeft") s.turn(-turn, 0);
    else if (e.key === "ArrowRight") s.turn(turn, 0);
    else if (e.key === "ArrowUp") s.turn(0, -turn);
    else if (e.key === "ArrowDown") s.turn(0, turn);
    else if (e.key === "+" || e.key === "=") s.near(nearer);
    else if (e.key === "-") s.near(1 / nearer);
    else if (e.key === "0" || e.key === "Home") s.whole();
    else return;
    e.preventDefault();
    e.stopPropagation();
  };
  return (
    <div className="absolute inset-0 bg-sunken">
      <div
        ref={box}
        role="application"
        aria-label={t.results.modelView(label)}
        aria-describedby="model-hint"
        data-ready={ready || undefined}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it takes keys
        tabIndex={0}
        onKeyDown={keyDown}
        className="absolute inset-0 touch-none focus-visible:outline-offset-[-3px] [&_canvas]:block"
      />
      <p id="model-hint" className="pointer-events-none absolute inset-x-14 bottom-4 text-balance text-center text-muted text-sm">
        {t.results.modelHint}
      </p>
      <IconButton label={t.results.modelReset} look="plain" className="absolute right-3 bottom-3" onClick={() => stage.current?.whole()}>
        <RotateCcw />
      </IconButton>
    </div>
  );
}
