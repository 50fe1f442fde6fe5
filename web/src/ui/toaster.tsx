import { useEffect } from "react";
import { Toaster as Sonner } from "sonner";
import { useTheme } from "@/app/theme";
import { toaster } from "./toast";

export { toast as sonner } from "sonner";

/** Toaster is where toasts appear. Say them by toast of ./toast. */
export default function Toaster() {
  useEffect(toaster.ready, []);
  return (
    <Sonner
      theme={useTheme()}
      position="top-center"
      offset={16}
      mobileOffset={12}
      toastOptions={{
        unstyled: true,
        classNames: {
          toast: "flex w-full items-center gap-3 rounded-lg border border-line bg-raised p-3 text-text shadow-float",
          content: "min-w-0 flex-1",
          title: "font-medium",
          description: "text-muted text-sm break-words",
          icon: "text-bad",
          actionButton: "h-7 shrink-0 rounded-md px-2 font-medium text-accent hover:bg-hover",
        },
      }}
    />
  );
}
