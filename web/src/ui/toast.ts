// What is said in passing. ./toaster shows it.
import { problemOf } from "@/api/problem";

interface Action {
  label: string;
  onClick: () => void;
  within?: number; // ms; later it does nothing, and the toast is gone whoever looks at it
}

export interface Toast {
  id: number;
  text: string;
  hint?: string;
  action?: Action;
  isFailure: boolean;
}

const most = 3; // at once

let shown: readonly Toast[] = []; // the newest first
let last = 0;
const listeners = new Set<() => void>();

function set(toasts: readonly Toast[]) {
  shown = toasts;
  for (const listener of listeners) listener();
}

// What is said again is one toast, with its time before it.
function say(toast: Omit<Toast, "id">) {
  set([{ ...toast, id: ++last }, ...shown.filter((other) => other.text !== toast.text)].slice(0, most));
}

/** toasts are what is shown, the newest first. */
export const toasts = {
  subscribe(listener: () => void) {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  },
  shown: () => shown,
  dismiss: (id: number) => set(shown.filter((toast) => toast.id !== id)),
};

/** toast says in passing what happened; what needs an answer is a Dialog. */
export const toast = {
  done: (text: string, action?: Action) => say({ text, action, isFailure: false }),
  failed: (error: unknown, action?: Action) => {
    const p = problemOf(error);
    if (p.code === "aborted" || p.status === 401) return; // meant, or the sign-in page says it
    say({ text: p.message, hint: p.hint || undefined, action, isFailure: true });
  },
};
