import { useMemo } from "react";
import { t } from "@/text";
import { cx } from "@/ui/cx";
import { type Bound, boxWidth, draw, type Graph } from "./graph";

/** GraphView draws a graph, with the parameters of the workflow where they land. */
export function GraphView({ graph, bindings, outputs }: { graph: Graph; bindings: Bound[]; outputs: string[] }) {
  const d = useMemo(() => draw(graph, bindings, outputs), [graph, bindings, outputs]);
  const bound = d.boxes.filter((b) => b.bound.length > 0).length;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
    <section tabIndex={0} aria-label={t.workflows.graph} className="scroll max-h-[70vh] rounded-lg border border-line bg-sunken p-4">
      <div
        role="img"
        aria-label={t.workflows.graphLabel(d.boxes.length, bound)}
        className="relative mx-auto"
        style={{ width: d.width, height: d.height }}
      >
        <svg width={d.width} height={d.height} className="absolute inset-0 text-edge" aria-hidden="true">
          {d.lines.map((l) => (
            <path key={`${l.from} ${l.to}`} d={l.path} fill="none" stroke="currentColor" strokeWidth={1.25} />
          ))}
        </svg>
        {d.boxes.map((b) => (
          <div
            key={b.id}
            className={cx(
              "absolute rounded-md border bg-raised px-2 py-1",
              b.bound.length > 0 ? "border-accent" : b.isOutput ? "border-edge border-dashed" : "border-line",
            )}
            style={{ left: b.x, top: b.y, width: boxWidth, height: b.height }}
          >
            <p className="truncate font-medium" title={b.title}>
              {b.title}
            </p>
            <p className="truncate text-muted text-xs" title={b.class}>
              {b.isOutput ? t.workflows.output : b.class}
            </p>
            {b.bound.map((p) => (
              <p key={p.parameter + p.input} className="h-5 truncate text-accent text-sm" title={`${p.parameter} → ${p.input}`}>
                {p.parameter}
              </p>
            ))}
          </div>
        ))}
      </div>
    </section>
  );
}
