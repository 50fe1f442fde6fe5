import { Bell, Bookmark, ChevronDown, Clipboard, LoaderCircle, Minus, Play, Plus, SquareTerminal } from "lucide-react";
import { useState } from "react";
import type { Input } from "@/api/types";
import { t } from "@/text";
import { Button } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Keys } from "@/ui/keys";
import { Menu } from "@/ui/menu";
import { NumberInput } from "@/ui/number-input";
import { toast } from "@/ui/toast";
import { draft, useFixed } from "./draft";
import { notifies, setNotifies } from "./notify";
import { SweepEditor } from "./sweep";
import type { Count } from "./use-count";

interface RunBarProps {
  inputs: Input[];
  count: Count;
  wanted: boolean; // a run that cannot be sent yet
  sending: boolean;
  running: boolean;
  disabled: boolean;
  onRun: () => void;
  onCopy: (as: "command" | "curl") => void;
  onSave: () => void;
}

const mostRuns = 10_000;

/**
 * RunBar is the one primary button, always in sight, with how many runs it makes. Each click is a run, as each press of its
 * key is: from the first on it says that the next one queues another.
 */
export function RunBar({ inputs, count, wanted, sending, running, disabled, onRun, onCopy, onSave }: RunBarProps) {
  const runs = useFixed("count");
  const [telling, setTelling] = useState(notifies);
  const notify = async () => {
    const now = await setNotifies(!telling);
    if (!telling && !now) toast.failed(new Error(t.generate.notifyDenied));
    setTelling(now);
  };
  const set = (n: number) => draft.setFixed("count", Math.min(mostRuns, Math.max(1, Math.round(n))));
  return (
    // One row on a phone, two elsewhere: the large button has its own.
    <div className="flex flex-wrap items-center gap-2 border-line border-t bg-surface px-4 py-2.5 phone:py-3">
      <fieldset aria-label={t.generate.countLabel} className="flex h-8 shrink-0 items-center rounded-md border border-line bg-surface">
        <Button
          look="quiet"
          className="h-full w-8 rounded-r-none px-0"
          aria-label={t.generate.fewer}
          disabled={runs <= 1}
          onClick={() => set(runs - 1)}
        >
          <Minus />
        </Button>
        <NumberInput
          aria-label={t.generate.countLabel}
          value={runs}
          onChange={set}
          min={1}
          max={mostRuns}
          className="w-10 [&_input]:min-h-0 [&_input]:border-transparent [&_input]:bg-transparent [&_input]:px-0 [&_input]:text-center"
        />
        <Button look="quiet" className="h-full w-8 rounded-l-none px-0" aria-label={t.generate.moreRuns} onClick={() => set(runs + 1)}>
          <Plus />
        </Button>
      </fieldset>
      <SweepEditor inputs={inputs} problem={count.problem} runs={count.text} />
      <p
        className={cx(
          "line-clamp-2 min-w-0 flex-1 text-right text-sm leading-4 max-phone:order-last max-phone:basis-full max-phone:text-left",
          count.problem ? "text-bad" : "text-muted",
          !count.problem && !count.text && "max-phone:hidden",
        )}
      >
        {count.problem?.message ?? (count.text || t.generate.sweepRuns(runs))}
      </p>
      <div className="flex min-w-0 flex-1 gap-px phone:basis-full">
        <Button
          look="primary"
          size="lg"
          busy={wanted}
          disabled={disabled}
          aria-busy={wanted || sending || undefined}
          onClick={onRun}
          className="min-w-0 flex-1 rounded-r-none max-phone:px-1"
        >
          {sending && !wanted && <LoaderCircle className="animate-spin" aria-hidden />}
          {!sending && !wanted && <Play className={cx("fill-current", running && "max-phone:hidden")} />}
          <span className="truncate">{running || sending ? t.generate.queueNext : t.generate.generate}</span>
          <Keys keys={t.generate.keys} className="hidden border-on-fill/40 text-on-fill phone:inline" />
        </Button>
        <Menu
          items={[
            { label: t.generate.copyCommand, icon: <SquareTerminal />, onSelect: () => onCopy("command") },
            { label: t.generate.copyCurl, icon: <Clipboard />, onSelect: () => onCopy("curl") },
            { label: t.generate.savePreset, icon: <Bookmark />, onSelect: onSave },
            null,
            { label: t.generate.notify, icon: <Bell />, checked: telling, onSelect: () => void notify() },
          ]}
        >
          <Button look="primary" size="lg" className="w-9 rounded-l-none px-0" aria-label={t.generate.moreActions}>
            <ChevronDown />
          </Button>
        </Menu>
      </div>
    </div>
  );
}
