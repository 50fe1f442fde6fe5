import { ArrowLeftRight } from "lucide-react";
import { memo } from "react";
import type { Input } from "@/api/types";
import { t } from "@/text";
import { IconButton } from "@/ui/button";
import { cx } from "@/ui/cx";
import { NumberInput } from "@/ui/number-input";
import { rangeOf } from "./kinds";
import { ParameterLabel } from "./row";
import { ratioOf, ratios, type SizeLimits, sized } from "./size";
import { useProblem, useValue, useValues } from "./values";

/** SizeControl sets width and height together: by number, by ratio, swapped. */
export const SizeControl = memo(function SizeControl({ width, height }: { width: Input; height: Input }) {
  const values = useValues();
  const [setW, setH] = [useValue(width.name), useValue(height.name)];
  const [baseW, baseH] = [Number(values.baseline(width.name) ?? 1024), Number(values.baseline(height.name) ?? 1024)];
  const [w, h] = [Number(setW ?? baseW), Number(setH ?? baseH)];
  const [rw, rh] = [rangeOf(width), rangeOf(height)];
  const [problemW, problemH] = [useProblem(width.name), useProblem(height.name)];
  const problem = problemW ?? problemH;
  const limits: SizeLimits = {
    minWidth: Number.isFinite(rw.min) ? rw.min : 16,
    maxWidth: Number.isFinite(rw.max) ? rw.max : 16384,
    minHeight: Number.isFinite(rh.min) ? rh.min : 16,
    maxHeight: Number.isFinite(rh.max) ? rh.max : 16384,
    step: Math.max(rw.step, rh.step),
  };
  const set = (name: string, base: number, v: number) => values.set(name, v === base ? undefined : v);
  const both = (next: { width: number; height: number }) => {
    set(width.name, baseW, next.width);
    set(height.name, baseH, next.height);
  };
  const current = ratioOf(w, h);
  return (
    <div className="grid gap-1">
      <div className="grid grid-cols-[minmax(5.5rem,30%)_1fr] gap-x-3">
        <div className="flex min-w-0 items-center">
          <ParameterLabel input={setW !== undefined ? width : height} label={t.generate.size} />
        </div>
        <div className="flex items-center gap-1">
          <NumberInput
            aria-label={t.generate.width}
            value={w}
            onChange={(v) => set(width.name, baseW, v)}
            min={rw.min}
            max={rw.max}
            step={rw.step}
            className="min-w-0 flex-1"
          />
          <IconButton label={t.generate.swap} onClick={() => both({ width: h, height: w })}>
            <ArrowLeftRight />
          </IconButton>
          <NumberInput
            aria-label={t.generate.height}
            value={h}
            onChange={(v) => set(height.name, baseH, v)}
            min={rh.min}
            max={rh.max}
            step={rh.step}
            unit="px"
            className="min-w-0 flex-1"
          />
        </div>
      </div>
      <fieldset aria-label={t.generate.ratio} className="flex justify-between gap-0.5">
        {ratios.map((ratio) => {
          const [a = 1, b = 1] = ratio.split(":").map(Number);
          const long = 14;
          return (
            <button
              key={ratio}
              type="button"
              aria-pressed={ratio === current}
              onClick={() => both(sized(ratio, w, h, limits))}
              className="grid h-11 min-w-0 flex-1 place-items-center rounded-md text-muted text-xs hover:bg-hover hover:text-text aria-pressed:bg-tint aria-pressed:text-accent"
            >
              <span className="grid h-4 place-items-center">
                <span
                  className={cx("block rounded-[2px] border-[1.5px] border-current")}
                  style={{ width: a >= b ? long : (long * a) / b, height: b >= a ? long : (long * b) / a }}
                />
              </span>
              {ratio}
            </button>
          );
        })}
      </fieldset>
      {problem && <p className="text-bad text-sm">{problem}</p>}
    </div>
  );
});
