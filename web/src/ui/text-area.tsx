import { type ComponentProps, useLayoutEffect, useRef } from "react";
import { cx } from "./cx";

// Where the browser grows a field with its text by itself, nothing is measured: a forced layout costs more than all else of a key.
const growsByItself = typeof CSS !== "undefined" && CSS.supports?.("field-sizing", "content");

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
    if (!growsByItself && ref.current) grow(ref.current);
  }, [value]);
  useLayoutEffect(() => {
    const area = ref.current;
    if (growsByItself || !area) return;
    let width = area.clientWidth;
    const watch = new ResizeObserver(([entry]) => {
      if (!entry || Math.abs(entry.contentRect.width - width) <= 1) return;
      width = entry.contentRect.width;
      grow(area);
    });
    watch.observe(area);
    return () => watch.disconnect();
  }, []);
  return (
    <textarea
      ref={ref}
      value={value}
      className={cx("field-box scroll field-sizing-content block resize-none leading-5", className)}
      style={{ minHeight: `calc(${minRows} * 1.25rem + 12px)`, maxHeight: `calc(${maxRows} * 1.25rem + 12px)` }}
      {...rest}
    />
  );
}

function grow(area: HTMLTextAreaElement) {
  area.style.height = "0";
  area.style.height = `${area.scrollHeight + 2}px`;
}
