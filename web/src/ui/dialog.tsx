import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { t } from "@/text";
import { IconButton } from "./button";
import { cx } from "./cx";

interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description?: string;
  children: ReactNode;
  footer?: ReactNode;
  className?: string;
  bare?: boolean; // no header: the content has its own; title is only said
  onClosed?: () => boolean; // true: it has put the focus where it belongs now, which is not where it was before
}

/** Dialog stands over the page until it is closed; focus stays inside and comes back after. */
export function Dialog({ open, onOpenChange, title, description, children, footer, className, bare, onClosed }: DialogProps) {
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 animate-in bg-scrim" />
        <Radix.Content
          aria-describedby={description ? undefined : ""}
          tabIndex={-1}
          data-modal
          onOpenAutoFocus={(e) => {
            // The first field, or the dialog itself: not its close button, whose tooltip would open.
            e.preventDefault();
            const box = e.currentTarget as HTMLElement;
            const field =
              box.querySelector<HTMLElement>("[data-autofocus]") ?? box.querySelector<HTMLElement>("input:not([hidden]), textarea, select");
            (field ?? box).focus();
          }}
          onInteractOutside={(e) => {
            // What is said over the dialog can be answered without closing it.
            if ((e.detail.originalEvent.target as Element).closest("[data-toasts]")) e.preventDefault();
          }}
          onCloseAutoFocus={(e) => {
            if (onClosed?.()) e.preventDefault();
          }}
          className={cx(
            "fixed z-50 flex animate-in flex-col overflow-hidden rounded-lg border border-line bg-raised shadow-float outline-none",
            "inset-x-3 bottom-3 max-h-[88dvh] phone:inset-x-auto phone:bottom-auto phone:top-[12vh] phone:left-1/2 phone:max-h-[76vh] phone:w-[30rem] phone:-translate-x-1/2",
            className,
          )}
        >
          {bare ? (
            <Radix.Title className="sr-only">{title}</Radix.Title>
          ) : (
            <header className="flex items-center gap-2 pt-3 pr-2 pb-2 pl-4">
              <Radix.Title className="flex-1 font-semibold text-lg">{title}</Radix.Title>
              <Radix.Close asChild>
                <IconButton label={t.app.close}>
                  <X />
                </IconButton>
              </Radix.Close>
            </header>
          )}
          {description && <Radix.Description className="px-4 pb-2 text-muted">{description}</Radix.Description>}
          <div className={cx("scroll min-h-0 flex-1", !bare && "px-4 pt-1 pb-4")}>{children}</div>
          {footer && <footer className="flex justify-end gap-2 border-line border-t px-4 py-3">{footer}</footer>}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
