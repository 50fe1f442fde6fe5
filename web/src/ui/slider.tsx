import { Slider as Radix } from "radix-ui";
import { cx } from "./cx";

interface SliderProps {
  value: number;
  onChange: (value: number) => void;
  min: number;
  max: number;
  step: number;
  label: string;
  mark?: number; // where the default is
  className?: string;
  disabled?: boolean;
}

/** Slider sets a number by hand; a number field beside it (NumberField) takes it by the digit. */
export function Slider({ value, onChange, min, max, step, label, mark, className, disabled }: SliderProps) {
  const at = mark !== undefined && max > min ? ((mark - min) / (max - min)) * 100 : undefined;
  return (
    <Radix.Root
      value={[Math.min(max, Math.max(min, value))]}
      onValueChange={([v]) => v !== undefined && onChange(v)}
      min={min}
      max={max}
      step={step}
      disabled={disabled}
      className={cx("relative flex h-8 touch-none select-none items-center", className)}
    >
      <Radix.Track className="relative h-1 grow rounded-full bg-line">
        {at !== undefined && at > 1 && at < 99 && (
          <span className="absolute -top-1 h-3 w-px bg-edge" style={{ left: `${at}%` }} aria-hidden />
        )}
        <Radix.Range className="absolute h-full rounded-full bg-accent" />
      </Radix.Track>
      <Radix.Thumb
        aria-label={label}
        className="block size-4 rounded-full border-2 border-accent bg-surface transition-shadow hover:ring-4 hover:ring-tint focus-visible:outline-offset-2"
      />
    </Radix.Root>
  );
}
