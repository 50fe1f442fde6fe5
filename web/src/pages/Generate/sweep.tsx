import { Grid3x3, Plus, Trash2 } from "lucide-react";
import { useId, useState } from "react";
import type { Input } from "@/api/types";
import { isFile, labelOf } from "@/components/ParameterControls/kinds";
import { t } from "@/text";
import { Button, IconButton } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Popover } from "@/ui/popover";
import { Select } from "@/ui/select";
import { Switch } from "@/ui/switch";
import { draft, type SweepLine, useFixed } from "./draft";
import { wrongValues } from "./sweep-values";
import type { CountProblem } from "./use-count";

const seldomSwept = new Set(["width", "height", "lora_strength"]);

/** SweepEditor tries several values of parameters: a line each, in the command line's words. problem is what the server says of it. */
export function SweepEditor({ inputs, problem, runs }: { inputs: Input[]; problem: CountProblem | undefined; runs: string }) {
  const [open, setOpen] = useState(false);
  const lines = useFixed("sweep");
  const zip = useFixed("zip");
  const can = inputs.filter((i) => !isFile(i));
  const set = (next: SweepLine[]) => draft.setFixed("sweep", next);
  const change = (at: number, line: Partial<SweepLine>) => set(lines.map((l, i) => (i === at ? { ...l, ...line } : l)));
  const add = () => {
    const numbers = can.filter((i) => (i.type === "int" || i.type === "float") && !lines.some((l) => l.name === i.name));
    const free = numbers.find((i) => !seldomSwept.has(i.role ?? "")) ?? numbers[0] ?? can[0];
    if (free) set([...lines, { name: free.name, text: "" }]);
  };
  const active = lines.filter((l) => l.text.trim()).length;
  return (
    <Popover
      open={open}
      onOpenChange={(o) => {
        setOpen(o);
        if (o && lines.length === 0) add();
        if (!o) set(lines.filter((l) => l.text.trim()));
      }}
      label={t.generate.sweepTitle}
      align="start"
      side="top"
      className="w-[min(26rem,92vw)]"
      trigger={
        <Button look="plain" aria-pressed={active > 0} className={cx("max-phone:px-2", active > 0 && "border-accent text-accent")}>
          <Grid3x3 />
          <span className="sr-only phone:not-sr-only">{t.generate.sweep}</span>
          {active > 0 && <span>{active}</span>}
        </Button>
      }
    >
      <div className="grid gap-3">
        <p className="text-muted">{t.generate.sweepText}</p>
        {lines.map((line, at) => (
          <Line
            // biome-ignore lint/suspicious/noArrayIndexKey: a line is its place
            key={at}
            line={line}
            inputs={can}
            problem={problem?.line === line.name ? problem.message : undefined}
            onChange={(next) => change(at, next)}
            onRemove={() => set(lines.filter((_, i) => i !== at))}
          />
        ))}
        <div className="flex items-center justify-between gap-2">
          <Button look="quiet" size="sm" onClick={add}>
            <Plus />
            {t.generate.sweepAdd}
          </Button>
          <span className="text-right text-muted text-sm" role="status">
            {runs}
          </span>
        </div>
        {lines.length > 1 && (
          // biome-ignore lint/a11y/noLabelWithoutControl: the switch is the control
          <label className="flex items-center gap-2">
            <Switch checked={zip} onCheckedChange={(v) => draft.setFixed("zip", v)} />
            {t.generate.sweepZip}
          </label>
        )}
        {problem && !problem.line ? (
          <p className="text-bad text-sm">{problem.message}</p>
        ) : (
          <p className="text-muted text-sm">{t.generate.sweepHint}</p>
        )}
      </div>
    </Popover>
  );
}

interface LineProps {
  line: SweepLine;
  inputs: Input[];
  problem: string | undefined; // what the server says
  onChange: (line: Partial<SweepLine>) => void;
  onRemove: () => void;
}

const mostSaid = 3; // values of a line that are told to be wrong

/** Line is a parameter with its values; under it what is wrong with which of them, before anything runs. */
function Line({ line, inputs, problem, onChange, onRemove }: LineProps) {
  const id = useId();
  const input = inputs.find((i) => i.name === line.name);
  const wrong = input ? wrongValues(input, line.text) : [];
  const more = wrong.length - mostSaid;
  const said =
    wrong.length > 0 ? [...wrong.slice(0, mostSaid), more > 0 && t.generate.sweepMore(more)].filter(Boolean).join(" · ") : problem;
  return (
    <div className="grid gap-1">
      <div className="flex items-center gap-2">
        <Select
          aria-label={t.generate.sweepParam}
          value={line.name}
          onChange={(e) => onChange({ name: e.target.value })}
          className="w-32 shrink-0"
        >
          {inputs.map((i) => (
            <option key={i.name} value={i.name}>
              {labelOf(i)}
            </option>
          ))}
        </Select>
        <input
          type="text"
          aria-label={t.generate.sweepValues}
          aria-invalid={said ? true : undefined}
          aria-describedby={said && `${id}-note`}
          placeholder="10,20,30"
          spellCheck={false}
          value={line.text}
          onChange={(e) => onChange({ text: e.target.value })}
          className="field-box font-mono"
        />
        <IconButton label={t.generate.sweepRemove(line.name)} onClick={onRemove}>
          <Trash2 />
        </IconButton>
      </div>
      {said && (
        <p id={`${id}-note`} className="break-words text-bad text-sm">
          {said}
        </p>
      )}
    </div>
  );
}
