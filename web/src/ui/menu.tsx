import { DropdownMenu as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { cx } from "./cx";
import { Keys } from "./keys";

export interface MenuItem {
  label: string;
  icon?: ReactNode;
  keys?: string;
  danger?: boolean;
  disabled?: boolean;
  checked?: boolean; // of what can be chosen or not; it says so
  onSelect: () => void;
}

const row =
  "flex h-8 select-none items-center gap-2 rounded-md px-2 outline-none data-[disabled]:opacity-50 data-[highlighted]:bg-hover [&_svg]:size-4 [&_svg]:text-muted";

/** Menu opens a list of actions from its child, a button. null draws a line. */
export function Menu({ items, children, align = "end" }: { items: (MenuItem | null)[]; children: ReactNode; align?: "start" | "end" }) {
  return (
    <Radix.Root>
      <Radix.Trigger asChild>{children}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          align={align}
          sideOffset={4}
          collisionPadding={8}
          className="scroll z-50 max-h-[60vh] min-w-44 animate-in rounded-lg border border-line bg-raised p-1 shadow-float"
        >
          {items.map((item, i) =>
            item === null ? (
              // biome-ignore lint/suspicious/noArrayIndexKey: a line has no name
              <Radix.Separator key={i} className="my-1 h-px bg-line" />
            ) : (
              <Row key={item.label} item={item} />
            ),
          )}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

function Row({ item }: { item: MenuItem }) {
  const { checked, disabled, onSelect } = item;
  const className = cx(row, item.danger && "text-bad [&_svg]:text-bad");
  const content = (
    <>
      {item.icon}
      <span className="flex-1 truncate">{item.label}</span>
      {checked && <span aria-hidden>✓</span>}
      {item.keys && <Keys keys={item.keys} />}
    </>
  );
  if (checked === undefined) return <Radix.Item {...{ className, disabled, onSelect }}>{content}</Radix.Item>;
  return <Radix.CheckboxItem {...{ className, checked, disabled, onSelect }}>{content}</Radix.CheckboxItem>;
}
