import { problemOf } from "@/api/problem";

interface Action {
  label: string;
  onClick: () => void;
}

const loadAgain = 1000; // ms

// What shows them is loaded after the first page stands, or with the first toast.
let isWanted = false;
let wants = () => {};
let ready = () => {};
const mounted = new Promise<void>((resolve) => {
  ready = resolve;
});

/** toaster is for who mounts what shows toasts: when it is wanted, and that it stands. */
export const toaster = {
  subscribe(listener: () => void) {
    wants = listener;
    return () => {
      wants = () => {};
    };
  },
  isWanted: () => isWanted,
  want() {
    isWanted = true;
    wants();
  },
  ready: () => ready(),
};

/** loadToaster loads what shows toasts; while the server does not answer it tries again. */
export async function loadToaster() {
  for (;;) {
    try {
      return await import("./toaster");
    } catch {
      await new Promise((resolve) => setTimeout(resolve, loadAgain));
    }
  }
}

async function shown() {
  toaster.want();
  const [{ sonner }] = await Promise.all([loadToaster(), mounted]);
  return sonner;
}

/** toast says in passing what happened; what needs an answer is a Dialog. */
export const toast = {
  done: (text: string, action?: Action) => void shown().then((sonner) => sonner(text, { action, duration: action ? 8000 : undefined })),
  failed: (error: unknown, action?: Action) => {
    const p = problemOf(error);
    if (p.code === "aborted" || p.status === 401) return; // meant, or the sign-in page says it
    void shown().then((sonner) => sonner.error(p.message, { id: p.message, description: p.hint || undefined, action, duration: 8000 }));
  },
};
