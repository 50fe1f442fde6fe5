import { Switch as Radix } from "radix-ui";
import type { ComponentProps } from "react";

/** Switch is on or off, at once. */
export function Switch(props: ComponentProps<typeof Radix.Root>) {
  return (
    <Radix.Root
      {...props}
      className="relative h-5 w-9 shrink-0 rounded-full border border-edge bg-sunken transition-colors data-[state=checked]:border-fill data-[state=checked]:bg-fill"
    >
      <Radix.Thumb className="block size-3.5 translate-x-0.5 rounded-full bg-muted transition-transform data-[state=checked]:translate-x-[18px] data-[state=checked]:bg-white" />
    </Radix.Root>
  );
}
