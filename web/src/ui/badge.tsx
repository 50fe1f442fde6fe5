import type { ReactNode } from "react";
import { cx } from "./cx";

const looks = {
  plain: "bg-sunken text-muted",
  accent: "bg-tint text-accent",
  warn: "bg-warn-tint text-warn",
  bad: "bg-bad-tint text-bad",
  good: "bg-sunken text-good",
};

/** Badge is a word about a thing: its state, its kind. */
export function Badge({ look = "plain", children, className }: { look?: keyof typeof looks; children: ReactNode; className?: string }) {
  return (
    <span className={cx("inline-flex h-5 items-center whitespace-nowrap rounded-sm px-1.5 text-sm", looks[look], className)}>
      {children}
    </span>
  );
}
