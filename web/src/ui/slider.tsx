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

/** Slider sets a number by hand, by the system's own control; a number field beside it (NumberInput) takes it by the digit. */
export function Slider({ value, onChange, min, max, step, label, mark, className, disabled }: SliderProps) {
  const held = Math.min(max, Math.max(min, value));
  const share = (n: number) => (max > min ? (n - min) / (max - min) : 0);
  const at = mark === undefined ? 0 : share(mark);
  return (
    <span className={cx("relative flex h-8 items-center", className)}>
      {at > 0.01 && at < 0.99 && <span className="absolute h-3 w-px bg-edge" style={{ left: along(at) }} aria-hidden />}
      <input
        type="range"
        aria-label={label}
        value={held}
        onChange={(e) => onChange(Number(e.target.value))}
        min={min}
        max={max}
        step={step}
        disabled={disabled}
        className="range-box"
        style={{ "--at": along(share(held)) } as React.CSSProperties}
      />
    </span>
  );
}

// The middle of the thumb, 16 px wide, goes from 8 px to 8 px before the end.
const along = (share: number) => `calc(8px + ${share} * (100% - 16px))`;
