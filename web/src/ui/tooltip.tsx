import { Tooltip as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { Keys } from "./keys";

export const TooltipProvider = ({ children }: { children: ReactNode }) => (
  <Radix.Provider delayDuration={450} skipDelayDuration={200}>
    {children}
  </Radix.Provider>
);

/** Tooltip says what its child does, with the keys that do the same. */
export function Tooltip({
  text,
  keys,
  side,
  children,
}: {
  text: string;
  keys?: string;
  side?: "top" | "right" | "bottom";
  children: ReactNode;
}) {
  return (
    <Radix.Root>
      <Radix.Trigger asChild>{children}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          side={side ?? "bottom"}
          sideOffset={6}
          collisionPadding={8}
          className="z-60 flex max-w-72 animate-in items-center gap-2 rounded-md bg-text px-2 py-1 text-page text-sm shadow-float"
        >
          {text}
          {keys && <Keys keys={keys} className="border-page/30 text-page/90" />}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
