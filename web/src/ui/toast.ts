import { toast as sonner } from "sonner";
import { problemOf } from "@/api/problem";

interface Action {
  label: string;
  onClick: () => void;
}

/** toast says in passing what happened; what needs an answer is a Dialog. */
export const toast = {
  done: (text: string, action?: Action) => void sonner(text, { action, duration: action ? 8000 : undefined }),
  failed: (error: unknown, action?: Action) => {
    const p = problemOf(error);
    if (p.code === "aborted" || p.status === 401) return; // meant, or the sign-in page says it
    sonner.error(p.message, { id: p.message, description: p.hint || undefined, action, duration: 8000 });
  },
};
