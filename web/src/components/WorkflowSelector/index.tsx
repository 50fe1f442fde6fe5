import { ChevronsUpDown, Film, ImagePlus, Maximize2, Search, Sparkles, TriangleAlert, WandSparkles } from "lucide-react";
import { useRef } from "react";
import type { Workflow } from "@/api/types";
import { t } from "@/text";
import { Button } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Dialog } from "@/ui/dialog";
import { Empty } from "@/ui/empty";
import { useWorkflowSearch, WorkflowFilter } from "./filter";
import { stateOf, useStandings } from "./state";

const icons: Record<string, typeof Film> = { generation: Sparkles, editing: WandSparkles, upscaling: Maximize2, video: Film };

/** WorkflowPicture is the newest result of a workflow, or the sign of its category. */
export function WorkflowPicture({ workflow, src, className }: { workflow?: Workflow; src?: string; className?: string }) {
  const Icon = icons[workflow?.category ?? ""] ?? ImagePlus;
  return (
    <span className={cx("grid shrink-0 place-items-center overflow-hidden bg-hover text-muted", className)}>
      {src ? (
        <img src={src} alt="" loading="lazy" className="size-full object-cover" />
      ) : (
        <Icon className="size-5 stroke-[1.5]" aria-hidden />
      )}
    </span>
  );
}

interface Props {
  workflows: Workflow[];
  value: string;
  onChange: (id: string) => void;
  thumbnails: Record<string, string>;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** WorkflowSelector shows which workflow is used and opens the list of all: with search, category and family. */
export function WorkflowSelector({ workflows, value, onChange, thumbnails, open, onOpenChange }: Props) {
  const current = workflows.find((w) => w.id === value);
  return (
    <>
      <button
        type="button"
        aria-haspopup="dialog"
        onClick={() => onOpenChange(true)}
        className="flex w-full items-center gap-3 rounded-lg border border-line bg-surface p-1.5 pr-3 text-left hover:border-edge"
      >
        <WorkflowPicture workflow={current} src={thumbnails[value]} className="size-11 rounded-md" />
        <span className="min-w-0 flex-1">
          <span className="sr-only">{t.generate.workflow}</span>
          <span className="block truncate font-semibold">{current?.name ?? t.generate.chooseWorkflow}</span>
          <span className="block truncate text-muted text-sm">{current ? kindOf(current) : " "}</span>
        </span>
        <ChevronsUpDown className="size-4 shrink-0 text-muted" aria-hidden />
      </button>
      <Dialog
        open={open}
        onOpenChange={onOpenChange}
        title={t.generate.chooseWorkflow}
        className="phone:top-[8vh] phone:max-h-[84vh] phone:w-[54rem] phone:max-w-[94vw]"
      >
        <Picker
          workflows={workflows}
          value={value}
          thumbnails={thumbnails}
          onChoose={(id) => {
            onChange(id);
            onOpenChange(false);
          }}
        />
      </Dialog>
    </>
  );
}

/** kindOf is what a workflow makes, and with which family of models. */
export const kindOf = (w: Workflow) =>
  [t.generate.categories[w.category ?? ""] ?? w.category, w.model_family === "none" ? undefined : w.model_family]
    .filter(Boolean)
    .join(" · ");

interface PickerProps {
  workflows: Workflow[];
  value: string;
  thumbnails: Record<string, string>;
  onChoose: (id: string) => void;
}

function Picker({ workflows, value, thumbnails, onChoose }: PickerProps) {
  const { search, setSearch, found, clear } = useWorkflowSearch(workflows);
  const list = useRef<HTMLDivElement>(null);
  const standings = useStandings();

  // Arrow keys walk the grid, by where its cells are.
  const walk = (e: React.KeyboardEvent) => {
    const cells = [...(list.current?.querySelectorAll<HTMLElement>("button") ?? [])];
    const at = cells.indexOf(document.activeElement as HTMLElement);
    if (e.key === "Enter" && at < 0 && found[0] && e.target instanceof HTMLInputElement) return onChoose(found[0].id);
    const columns = cells.filter((c) => c.offsetTop === cells[0]?.offsetTop).length || 1;
    const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: at < 0 ? 1 : columns, ArrowUp: -columns }[e.key];
    if (by === undefined || (at < 0 && e.key !== "ArrowDown")) return;
    e.preventDefault();
    cells[Math.max(0, Math.min(cells.length - 1, at + by))]?.focus();
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys are those of the grid in it
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3" onKeyDown={walk}>
      <WorkflowFilter workflows={workflows} search={search} onChange={setSearch} className="bg-raised pb-2" />
      {found.length === 0 && (
        <Empty icon={<Search />} title={t.generate.noWorkflow} hint={t.generate.noWorkflowHint}>
          <Button onClick={clear}>{t.generate.clearSearch}</Button>
        </Empty>
      )}
      <div ref={list} className="grid grid-cols-[minmax(0,1fr)] gap-2 phone:grid-cols-2 rail:grid-cols-3">
        {found.map((w) => (
          <button
            key={w.id}
            type="button"
            aria-pressed={w.id === value}
            onClick={() => onChoose(w.id)}
            className="flex items-start gap-3 rounded-lg p-2 text-left hover:bg-hover aria-pressed:bg-tint"
          >
            <WorkflowPicture workflow={w} src={thumbnails[w.id]} className="size-16 rounded-md" />
            <span className="min-w-0 flex-1">
              <span className="block truncate font-medium">{w.name}</span>
              <span className="line-clamp-2 text-muted text-sm">{w.description}</span>
              <span className="mt-0.5 block truncate text-muted text-xs">
                {[kindOf(w), w.requires_mask ? t.generate.needsMask : w.requires_input_image ? t.generate.needsImage : ""]
                  .filter(Boolean)
                  .join(" · ")}
              </span>
              <Missing n={stateOf(standings.of(w.id)).missing} />
            </span>
          </button>
        ))}
      </div>
    </div>
  );
}

/** Missing says that no backend has all that a workflow needs. */
function Missing({ n }: { n: number }) {
  if (n === 0) return null;
  return (
    <span className="flex items-center gap-1 text-warn text-xs">
      <TriangleAlert className="size-3" aria-hidden />
      {t.generate.missing(n)}
    </span>
  );
}
