import { Maximize2, Scan, ZoomIn, ZoomOut } from "lucide-react";
import { useMemo, useRef, useState } from "react";
import type { Schemas } from "@/api/client";
import { workflows as pageText } from "@/text/en/workflows";
import { IconButton } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Dialog } from "@/ui/dialog";
import { Section } from "./ask";
import { draw, type Graph } from "./layout";
import { useZoom } from "./zoom";

type WorkflowGraph = Schemas["WorkflowGraph"];

const head = 44; // height of a box's title and class
const row = 24; // and of one parameter in it
const readable = 0.6; // the scale at which titles can still be read
const heightOf = (parameters: number) => head + (parameters > 0 ? parameters * row + 6 : 0);

interface Props {
  name: string;
  graph: WorkflowGraph;
  labels: Map<string, string>; // of parameters, by name
  missing: Set<string>; // classes that the backend does not have
}

/** GraphSection draws a graph, with the inputs that parameters set. */
export function GraphSection(props: Props) {
  const [large, setLarge] = useState(false);
  const nodes = Object.keys(props.graph.graph as Graph).length;
  return (
    <Section
      title={pageText.graph}
      aside={
        nodes > 0 && (
          <IconButton size="icon-sm" label={pageText.larger} onClick={() => setLarge(true)}>
            <Maximize2 />
          </IconButton>
        )
      }
    >
      {nodes === 0 ? (
        <p className="text-muted">{pageText.graphEmpty}</p>
      ) : (
        <>
          <div className="-mx-4 phone:mx-0">
            <Drawing {...props} className="max-h-[26rem] bg-sunken phone:rounded-lg" />
          </div>
          {props.graph.bindings.length > 0 && <p className="mt-2 text-muted text-sm">{pageText.graphHint}</p>}
        </>
      )}
      <Dialog
        open={large}
        onOpenChange={setLarge}
        title={props.name}
        className="phone:top-[4vh] phone:h-[92vh] phone:max-h-[92vh] phone:w-[96vw]"
      >
        <Drawing {...props} className="h-full rounded-md bg-sunken" />
      </Dialog>
    </Section>
  );
}

function Drawing({ name, graph, labels, missing, className }: Props & { className?: string }) {
  const nodes = graph.graph as Graph;
  const bound = useMemo(() => {
    const map = new Map<string, WorkflowGraph["bindings"]>();
    for (const b of graph.bindings) map.set(b.node, [...(map.get(b.node) ?? []), b]);
    return map;
  }, [graph]);
  const drawing = useMemo(() => draw(nodes, (id) => heightOf(bound.get(id)?.length ?? 0)), [nodes, bound]);
  const box = useRef<HTMLDivElement>(null);
  const zoom = useZoom(box, drawing.width, drawing.height, readable);
  const boxes = [...drawing.boxes].sort((a, b) => a.x - b.x || a.y - b.y); // said in the order in which they are read
  return (
    <div className={cx("relative flex flex-col overflow-hidden", className)}>
      {/* biome-ignore lint/a11y/useSemanticElements: it is no part of a form */}
      <div
        ref={box}
        role="group"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it is scrolled by keys
        tabIndex={0}
        aria-label={pageText.graphLabel(name, boxes.length)}
        onKeyDown={(e) => {
          if (e.ctrlKey || e.metaKey || e.altKey) return;
          if (e.key === "+" || e.key === "=") zoom.closer();
          else if (e.key === "-") zoom.further();
          else if (e.key === "0") zoom.fit();
        }}
        className="scroll flex min-h-0 flex-1 flex-col cursor-grab touch-pan-x touch-pan-y select-none focus-visible:outline-offset-[-2px] active:cursor-grabbing"
      >
        <div className="m-auto shrink-0" style={{ width: drawing.width * zoom.scale, height: drawing.height * zoom.scale }}>
          <div
            className="relative origin-top-left"
            style={{ width: drawing.width, height: drawing.height, transform: `scale(${zoom.scale})` }}
          >
            <svg className="absolute inset-0 text-edge" width={drawing.width} height={drawing.height} fill="none" aria-hidden>
              {drawing.links.map((l) => (
                <path key={`${l.from} ${l.to}`} d={l.path} stroke="currentColor" strokeWidth={1.25} />
              ))}
            </svg>
            {boxes.map((b) => {
              const node = nodes[b.id];
              const title = node?._meta?.title || node?.class_type || b.id;
              const isOutput = graph.outputs.includes(b.id);
              const isMissing = missing.has(node?.class_type ?? "");
              return (
                <div
                  key={b.id}
                  className={cx(
                    "absolute overflow-hidden rounded-md border bg-surface",
                    isMissing ? "border-warn" : isOutput ? "border-accent" : "border-line",
                  )}
                  style={{ left: b.x, top: b.y, width: b.width, height: b.height }}
                >
                  <div className="px-2 pt-1" title={`${title} · ${node?.class_type} · ${pageText.node(b.id)}`}>
                    <p className="truncate font-medium leading-5">{title}</p>
                    <p className={cx("truncate text-xs", isMissing ? "text-warn" : "text-muted")}>
                      {[isMissing && pageText.missingNode, isOutput && pageText.output, node?.class_type !== title && node?.class_type]
                        .filter(Boolean)
                        .join(" · ") || pageText.node(b.id)}
                    </p>
                  </div>
                  {bound.get(b.id)?.map((binding) => {
                    const label = labels.get(binding.parameter) ?? binding.parameter;
                    const input = binding.input || pageText.switches;
                    return (
                      <div
                        key={`${binding.parameter} ${binding.input}`}
                        title={`${label} → ${input}`}
                        className="mx-1 mt-0.5 flex h-5.5 items-center justify-between gap-2 rounded-sm bg-tint px-1.5 text-sm"
                      >
                        <span className="truncate text-accent">{label}</span>
                        {input.replace(/_/g, " ") !== label.toLowerCase() && <span className="truncate text-text text-xs">{input}</span>}
                      </div>
                    );
                  })}
                </div>
              );
            })}
          </div>
        </div>
      </div>
      <div className="flex justify-end border-line border-t px-2">
        <IconButton label={pageText.zoomOut} keys="-" onClick={zoom.further}>
          <ZoomOut />
        </IconButton>
        <IconButton label={pageText.zoomFit} keys="0" onClick={zoom.fit}>
          <Scan />
        </IconButton>
        <IconButton label={pageText.zoomIn} keys="+" onClick={zoom.closer}>
          <ZoomIn />
        </IconButton>
      </div>
    </div>
  );
}
