import { ToggleGroup as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { cx } from "./cx";

interface SegmentsProps<T extends string> {
  value: T;
  onChange: (value: T) => void;
  options: { value: T; label: ReactNode; title?: string }[];
  label: string;
  className?: string;
}

/** Segments choose one of a few. */
export function Segments<T extends string>({ value, onChange, options, label, className }: SegmentsProps<T>) {
  return (
    <Radix.Root
      type="single"
      value={value}
      onValueChange={(v) => v && onChange(v as T)}
      aria-label={label}
      className={cx("inline-flex max-w-full overflow-x-auto rounded-md bg-sunken p-0.5 [scrollbar-width:none]", className)}
    >
      {options.map((o) => (
        <Radix.Item
          key={o.value}
          value={o.value}
          aria-label={o.title}
          className="flex h-7 min-w-8 shrink-0 items-center justify-center gap-1.5 rounded-sm px-2 text-muted max-phone:px-1.5 hover:text-text data-[state=on]:bg-raised data-[state=on]:text-text [&_svg]:size-4"
        >
          {o.label}
        </Radix.Item>
      ))}
    </Radix.Root>
  );
}
