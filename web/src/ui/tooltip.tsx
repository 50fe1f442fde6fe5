import { Tooltip as Radix } from "radix-ui";
import { type ReactNode, useEffect } from "react";
import { flushSync } from "react-dom";
import { Keys } from "./keys";

export function TooltipProvider({ children }: { children: ReactNode }) {
  useEffect(() => {
    addEventListener("keydown", closeBefore, true);
    return () => removeEventListener("keydown", closeBefore, true);
  }, []);
  return (
    <Radix.Provider delayDuration={450} skipDelayDuration={200}>
      {children}
    </Radix.Provider>
  );
}

// Escape is for the layer under a tooltip as well, which is asked only when nothing is over it. Radix closes a tooltip when another
// one opens.
function closeBefore(event: KeyboardEvent) {
  if (event.key === "Escape") flushSync(() => document.dispatchEvent(new CustomEvent("tooltip.open")));
}

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
