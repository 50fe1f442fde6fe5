import { type ReactNode, useId } from "react";
import type { Input } from "@/api/types";
import { t } from "@/text";
import { cx } from "@/ui/cx";
import { Tooltip } from "@/ui/tooltip";
import { labelOf } from "./kinds";
import { useProblem, useValue, useValues } from "./values";

export interface ControlIds {
  id: string;
  "aria-labelledby": string; // the label's words: the label itself becomes a button once there is something to take back
  "aria-describedby"?: string;
  "aria-invalid"?: boolean;
}

const shown = (v: unknown) => (v === undefined || v === null || v === "" ? t.generate.unset : Array.isArray(v) ? v.join(", ") : String(v));

/** ParameterLabel names a parameter; a dot marks that it was changed, and a click takes it back. */
export function ParameterLabel({
  input,
  htmlFor,
  className,
  label,
}: {
  input: Input;
  htmlFor?: string;
  className?: string;
  label?: string;
}) {
  const values = useValues();
  const changed = useValue(input.name) !== undefined;
  const text = label ?? labelOf(input);
  const words = (
    <span id={htmlFor && `${htmlFor}-label`} className="truncate">
      {text}
    </span>
  );
  if (changed) {
    const reset = t.generate.reset(text, shown(values.baseline(input.name)));
    return (
      <Tooltip text={reset}>
        <button
          type="button"
          aria-description={reset}
          onClick={() => values.set(input.name, undefined)}
          className={cx("flex min-h-8 min-w-0 items-center gap-1.5 self-start rounded-sm text-left hover:text-accent", className)}
        >
          {words}
          <span className="size-1.5 shrink-0 rounded-full bg-accent" aria-hidden />
        </button>
      </Tooltip>
    );
  }
  const label2 = (
    <label htmlFor={htmlFor} className={cx("flex min-h-8 min-w-0 items-center self-start", className)}>
      {words}
    </label>
  );
  return input.description ? <Tooltip text={input.description}>{label2}</Tooltip> : label2;
}

/** Row is a parameter: its label left, its control right, what is wrong with it under both. */
export function Row({
  input,
  children,
  label,
  wide,
}: {
  input: Input;
  children: (ids: ControlIds) => ReactNode;
  label?: string;
  wide?: boolean;
}) {
  const id = useId();
  const problem = useProblem(input.name);
  const note = problem || input.description ? `${id}-note` : undefined;
  return (
    <div data-parameter={input.name} className={cx("grid gap-x-3", wide ? "grid-cols-1" : "grid-cols-[minmax(5.5rem,30%)_1fr]")}>
      <ParameterLabel input={input} htmlFor={id} label={label} />
      <div className="min-w-0">
        {children({ id, "aria-labelledby": `${id}-label`, "aria-describedby": note, "aria-invalid": problem ? true : undefined })}
        {note && (
          <p id={note} className={problem ? "pt-1 text-bad text-sm" : "sr-only"}>
            {problem || input.description}
          </p>
        )}
      </div>
    </div>
  );
}
