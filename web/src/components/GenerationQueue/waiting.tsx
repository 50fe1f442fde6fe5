import { useRef, useState } from "react";
import type { Job } from "@/api/client";
import { queue as pageText } from "@/text/en/queue";
import { cx } from "@/ui/cx";
import type { Group } from "./order";
import { Handle, type QueueActions, QueueRow } from "./row";

interface WaitingRunsProps {
  groups: Group<Job>[];
  name: (workflow: string) => string;
  actions: QueueActions;
  onMove: (from: number, to: number) => Promise<void>;
}

/** WaitingRuns is what waits, in its order: dragged by the handle (mouse, pen, finger), or moved with the arrow keys. */
export function WaitingRuns({ groups, name, actions, onMove }: WaitingRunsProps) {
  const list = useRef<HTMLUListElement>(null);
  const [drag, setDrag] = useState<{ from: number; to: number }>();
  const [said, setSaid] = useState("");

  // The place before which a pointer is.
  const placeAt = (y: number) => {
    const rows = [...(list.current?.children ?? [])];
    const at = rows.findIndex((row) => {
      const box = row.getBoundingClientRect();
      return y < box.top + box.height / 2;
    });
    return at < 0 ? rows.length : at;
  };
  const byKey = async (from: number, by: -1 | 1) => {
    const to = by < 0 ? from - 1 : from + 2;
    if (to < 0 || to > groups.length) return;
    const id = groups[from]?.id;
    await onMove(from, to);
    setSaid(pageText.movedTo(from + by + 1, groups.length));
    requestAnimationFrame(() => list.current?.querySelector<HTMLElement>(`[data-group="${id}"] button`)?.focus());
  };

  return (
    <>
      <ul ref={list} className="divide-y divide-line">
        {groups.map((group, i) => (
          <li key={group.id} data-group={group.id} className="relative">
            {drag && drag.to === i && <Line className="-top-px" />}
            {drag && drag.to === groups.length && i === groups.length - 1 && <Line className="-bottom-px" />}
            <QueueRow
              group={group}
              name={name}
              actions={actions}
              className={drag?.from === i ? "opacity-40" : undefined}
              handle={
                <Handle
                  onPointerDown={(e) => {
                    e.currentTarget.setPointerCapture(e.pointerId);
                    setDrag({ from: i, to: i });
                  }}
                  onPointerMove={(e) => drag && setDrag({ from: drag.from, to: placeAt(e.clientY) })}
                  onPointerUp={() => {
                    if (drag) void onMove(drag.from, drag.to);
                    setDrag(undefined);
                  }}
                  onPointerCancel={() => setDrag(undefined)}
                  onKeyDown={(e) => {
                    if (e.key === "Escape") setDrag(undefined);
                    if (e.key !== "ArrowUp" && e.key !== "ArrowDown") return;
                    e.preventDefault();
                    void byKey(i, e.key === "ArrowUp" ? -1 : 1);
                  }}
                />
              }
            />
          </li>
        ))}
      </ul>
      <p role="status" className="sr-only">
        {said}
      </p>
    </>
  );
}

const Line = ({ className }: { className: string }) => (
  <span className={cx("absolute inset-x-0 z-10 h-0.5 rounded-full bg-accent", className)} />
);
