import { type ComponentProps, useLayoutEffect, useRef } from "react";
import { cx } from "./cx";

/** TextArea is a text that grows with what is written in it. */
export function TextArea({
  className,
  value,
  minRows = 2,
  maxRows = 16,
  ...rest
}: ComponentProps<"textarea"> & { value: string; minRows?: number; maxRows?: number }) {
  const ref = useRef<HTMLTextAreaElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the height follows the text
  useLayoutEffect(() => {
    const area = ref.current;
    if (!area) return;
    const grow = () => {
      area.style.height = "0";
      area.style.height = `${area.scrollHeight + 2}px`;
    };
    grow();
    const watch = new ResizeObserver(([entry]) => {
      if (entry && Math.abs(entry.contentRect.width - width) > 1) {
        width = entry.contentRect.width;
        grow();
      }
    });
    let width = area.clientWidth;
    watch.observe(area);
    return () => watch.disconnect();
  }, [value]);
  return (
    <textarea
      ref={ref}
      value={value}
      className={cx("field-box scroll block resize-none leading-5", className)}
      style={{ minHeight: `calc(${minRows} * 1.25rem + 12px)`, maxHeight: `calc(${maxRows} * 1.25rem + 12px)` }}
      {...rest}
    />
  );
}
