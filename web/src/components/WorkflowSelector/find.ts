import type { Workflow } from "@/api/types";

export interface Search {
  words: string;
  category: string; // "" is any
  family: string;
}

/** find is the workflows that fit, those first whose name has the words. */
export function find(workflows: Workflow[], s: Search): Workflow[] {
  const words = s.words.toLowerCase().split(/\s+/).filter(Boolean);
  const hit = (text: string | undefined) => words.every((word) => (text ?? "").toLowerCase().includes(word));
  const fit = workflows.filter(
    (w) =>
      (!s.category || w.category === s.category) &&
      (!s.family || w.model_family === s.family) &&
      hit(`${w.id} ${w.name} ${w.description} ${w.category} ${w.model_family}`),
  );
  if (words.length === 0) return fit;
  return [...fit.filter((w) => hit(`${w.name} ${w.id}`)), ...fit.filter((w) => !hit(`${w.name} ${w.id}`))];
}

/** familiesOf are the families of the workflows of a category, in their order; those without a model have none. */
export const familiesOf = (workflows: Workflow[], category: string) =>
  [...new Set(workflows.filter((w) => !category || w.category === category).map((w) => w.model_family ?? ""))].filter(
    (f) => f !== "" && f !== "none",
  );
