import { cx } from "./cx";

/** Progress is a thin bar; without a value (0 to 1) it moves by itself. */
export function Progress({ value, label, className }: { value?: number; label: string; className?: string }) {
  const known = value !== undefined && value > 0;
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={known ? Math.round(value * 100) : undefined}
      className={cx("h-1 overflow-hidden rounded-full bg-line", className)}
    >
      <div
        className={cx(
          "h-full origin-left rounded-full bg-accent",
          known ? "transition-transform duration-180" : "animate-pulse opacity-60",
        )}
        style={{ transform: known ? `scaleX(${Math.min(1, value)})` : undefined }}
      />
    </div>
  );
}
