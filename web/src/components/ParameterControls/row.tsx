import { memo, type ReactNode, useId } from "react";
import type { Input } from "@/api/types";
import { t } from "@/text";
import { cx } from "@/ui/cx";
import { Tooltip } from "@/ui/tooltip";
import { labelOf } from "./kinds";
import { useIsSet, useProblem, useValues } from "./values";

export interface ControlIds {
  id: string;
  "aria-labelledby": string; // the label's words: the label itself becomes a button once there is something to take back
  "aria-describedby"?: string;
  "aria-invalid"?: boolean;
}

const shown = (v: unknown) => (v === undefined || v === null || v === "" ? t.generate.unset : Array.isArray(v) ? v.join(", ") : String(v));

/** ParameterLabel names a parameter; a dot marks that it was changed, and a click takes it back. */
export const ParameterLabel = memo(function ParameterLabel({
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
  const changed = useIsSet(input.name);
  const text = label ?? labelOf(input);
  const back = t.generate.reset(text, shown(values.baseline(input.name)));
  const reset = () => values.set(input.name, undefined);
  const words = (
    // biome-ignore lint/a11y/useKeyWithClickEvents: keys have the button beside it
    <label
      id={htmlFor && `${htmlFor}-label`}
      htmlFor={htmlFor}
      onClick={(e) => {
        if (!changed) return;
        e.preventDefault();
        reset();
      }}
      className={cx("line-clamp-2 min-w-0 break-words leading-4.5", changed && "hover:text-accent")}
    >
      {text}
    </label>
  );
  const about = changed ? back : input.description;
  return (
    <span className={cx("flex min-h-8 min-w-0 items-center self-start", className)}>
      {about ? <Tooltip text={about}>{words}</Tooltip> : words}
      {changed && (
        <button
          type="button"
          aria-label={back}
          onClick={reset}
          className="-my-1 grid size-6 shrink-0 place-items-center rounded-md hover:bg-hover"
        >
          <span className="size-1.5 rounded-full bg-accent" aria-hidden />
        </button>
      )}
    </span>
  );
});

/** Row is a parameter: its label left, its control right, what is wrong with it under both. */
export function Row({
  input,
  children,
  label,
  range,
  warning,
  wide,
}: {
  input: Input;
  children: (ids: ControlIds) => ReactNode;
  label?: string;
  range?: string; // what a number may be, in words
  warning?: string; // shown, and keeps nobody from running
  wide?: boolean;
}) {
  const id = useId();
  const problem = useProblem(input.name);
  const said = problem || warning || [input.description, range].filter(Boolean).join(". ");
  const note = said ? `${id}-note` : undefined;
  return (
    <div data-parameter={input.name} className={cx("grid gap-x-3", wide ? "grid-cols-1" : "grid-cols-[minmax(5.5rem,33%)_1fr]")}>
      <ParameterLabel input={input} htmlFor={id} label={label} />
      <div className="min-w-0">
        {children({ id, "aria-labelledby": `${id}-label`, "aria-describedby": note, "aria-invalid": problem ? true : undefined })}
        {note && (
          <p id={note} className={problem ? "pt-1 text-bad text-sm" : warning ? "pt-1 text-sm text-warn" : "sr-only"}>
            {said}
          </p>
        )}
      </div>
    </div>
  );
}
