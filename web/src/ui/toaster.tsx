import { CircleAlert, X } from "lucide-react";
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { t } from "@/text";
import { Button, IconButton } from "./button";
import { type Toast, toasts } from "./toast";

const brief = 4000; // ms, to be read
const long = 8000; // ms, of what asks for an answer or went wrong

/** Toaster is where toasts appear. Say them by toast of ./toast. */
export function Toaster() {
  const shown = useSyncExternalStore(toasts.subscribe, toasts.shown);
  return (
    <section
      data-toasts
      aria-label={t.app.toasts}
      aria-live="polite"
      className="pointer-events-none fixed inset-x-3 top-3 z-60 mx-auto grid max-w-sm justify-items-center gap-2 phone:top-4"
    >
      {shown.map((toast) => (
        <Saying key={toast.id} toast={toast} />
      ))}
    </section>
  );
}

// Saying is one toast. It stays while the pointer or the focus is on it, and while nobody sees the page.
function Saying({ toast: { id, text, hint, action, isFailure } }: { toast: Toast }) {
  const [held, setHeld] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const before = useRef<Element | null>(null); // what had the focus
  const within = action?.within;
  const close = useCallback(() => {
    const has = box.current?.contains(document.activeElement);
    if (has && before.current instanceof HTMLElement && before.current.isConnected) before.current.focus();
    toasts.dismiss(id);
  }, [id]);
  useEffect(() => {
    if (within === undefined) return;
    const late = setTimeout(close, within);
    return () => clearTimeout(late);
  }, [within, close]);
  useEffect(() => {
    if (held || within !== undefined) return;
    let later: ReturnType<typeof setTimeout> | undefined;
    const wait = () => {
      clearTimeout(later);
      if (!document.hidden) later = setTimeout(close, action || isFailure ? long : brief);
    };
    wait();
    document.addEventListener("visibilitychange", wait);
    return () => {
      clearTimeout(later);
      document.removeEventListener("visibilitychange", wait);
    };
  }, [held, within, close, action, isFailure]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only waits while it is looked at
    <div
      ref={box}
      className="pointer-events-auto flex max-w-full animate-in items-center gap-3 rounded-lg border border-line bg-raised py-1.5 pr-1.5 pl-3 shadow-float"
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={(e) => setHeld(e.currentTarget.contains(document.activeElement))}
      onFocus={(e) => {
        if (!e.currentTarget.contains(e.relatedTarget)) before.current = e.relatedTarget;
        setHeld(true);
      }}
      onBlur={(e) => !e.currentTarget.contains(e.relatedTarget) && setHeld(false)}
    >
      {isFailure && <CircleAlert className="size-4 shrink-0 text-bad" aria-hidden />}
      <div className="min-w-0 flex-1 break-words py-1.5">
        <p className="font-medium">{text}</p>
        {hint && <p className="text-muted text-sm">{hint}</p>}
      </div>
      <span className="flex items-center gap-1">
        {action && (
          <Button
            look="quiet"
            size="sm"
            className="text-accent hover:text-accent"
            onClick={() => {
              close();
              action.onClick();
            }}
          >
            {action.label}
          </Button>
        )}
        <IconButton label={t.app.dismiss} size="icon-sm" onClick={close}>
          <X />
        </IconButton>
      </span>
    </div>
  );
}
