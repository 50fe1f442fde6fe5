import { type ComponentProps, useEffect, useState } from "react";
import { cx } from "./cx";

interface NumberInputProps extends Omit<ComponentProps<"input">, "value" | "onChange" | "type"> {
  value: number;
  onChange: (value: number) => void;
  min?: number;
  max?: number;
  step?: number;
  unit?: string;
}

/** decimals of a step: 0.05 has 2. */
export function decimals(step: number): number {
  const text = String(step);
  if (text.includes("e-")) return Number(text.split("e-")[1]);
  return text.split(".")[1]?.length ?? 0;
}

/** onStep is a number rounded to a step's decimals, so that 0.1 + 0.2 is 0.3. */
export const onStep = (value: number, step: number) => Number(value.toFixed(Math.min(decimals(step), 12)));

/** NumberInput takes a number by the digit: what is typed is kept while it is typed, and held to the range on leaving. */
export function NumberInput({ value, onChange, min = -Infinity, max = Infinity, step = 1, unit, className, ...rest }: NumberInputProps) {
  const [text, setText] = useState<string | null>(null);
  useEffect(() => setText((now) => (now !== null && Number(now.replace(",", ".")) === value ? now : null)), [value]);
  const hold = (n: number) => Math.min(max, Math.max(min, onStep(n, step)));
  const parse = (s: string) => (s.trim() === "" ? Number.NaN : Number(s.replace(",", ".")));
  return (
    <span className={cx("relative block", className)}>
      <input
        type="text"
        inputMode={step % 1 === 0 && min >= 0 ? "numeric" : "decimal"}
        autoComplete="off"
        value={text ?? String(value)}
        onFocus={(e) => e.currentTarget.select()}
        onChange={(e) => {
          setText(e.target.value);
          const n = parse(e.target.value);
          if (Number.isFinite(n) && n >= min && n <= max) onChange(n);
        }}
        onBlur={() => {
          const n = text === null ? Number.NaN : parse(text);
          if (Number.isFinite(n)) onChange(Math.min(max, Math.max(min, n)));
          setText(null);
        }}
        onKeyDown={(e) => {
          if (e.key !== "ArrowUp" && e.key !== "ArrowDown") return;
          e.preventDefault();
          const by = step * (e.shiftKey ? 10 : 1) * (e.key === "ArrowUp" ? 1 : -1);
          setText(null);
          onChange(hold(value + by));
        }}
        className="field-box text-right"
        style={unit ? { paddingRight: `min(calc(${unit.length}ch + 14px), 60%)` } : undefined}
        {...rest}
      />
      {unit && (
        <span className="pointer-events-none absolute inset-y-0 right-2 max-w-[calc(60%-12px)] truncate text-muted text-sm leading-8">
          {unit}
        </span>
      )}
    </span>
  );
}
