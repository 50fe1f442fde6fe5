import { Tabs as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { cx } from "./cx";

export interface Tab {
  value: string;
  label: string;
  count?: number;
  content: ReactNode;
}

/** Tabs show one of several contents. */
export function Tabs({
  value,
  onChange,
  tabs,
  label,
  className,
}: {
  value: string;
  onChange: (value: string) => void;
  tabs: Tab[];
  label: string;
  className?: string;
}) {
  return (
    <Radix.Root value={value} onValueChange={onChange} className={className}>
      <Radix.List aria-label={label} className="flex gap-4 border-line border-b">
        {tabs.map((tab) => (
          <Radix.Trigger
            key={tab.value}
            value={tab.value}
            className="-mb-px h-9 border-transparent border-b-2 text-muted hover:text-text data-[state=active]:border-accent data-[state=active]:text-text"
          >
            {tab.label}
            {tab.count !== undefined && tab.count > 0 && <span className="ml-1.5 text-muted text-sm">{tab.count}</span>}
          </Radix.Trigger>
        ))}
      </Radix.List>
      {tabs.map((tab) => (
        <Radix.Content key={tab.value} value={tab.value} className={cx("pt-3 outline-none")}>
          {tab.content}
        </Radix.Content>
      ))}
    </Radix.Root>
  );
}
