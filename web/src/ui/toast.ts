import { problemOf } from "@/api/problem";

interface Action {
  label: string;
  onClick: () => void;
}

// What shows them is loaded after the first page stands.
const shown = () => import("./toaster").then((m) => m.sonner);

/** toast says in passing what happened; what needs an answer is a Dialog. */
export const toast = {
  done: (text: string, action?: Action) => void shown().then((sonner) => sonner(text, { action, duration: action ? 8000 : undefined })),
  failed: (error: unknown, action?: Action) => {
    const p = problemOf(error);
    if (p.code === "aborted" || p.status === 401) return; // meant, or the sign-in page says it
    void shown().then((sonner) => sonner.error(p.message, { id: p.message, description: p.hint || undefined, action, duration: 8000 }));
  },
};
