// What the Generate page opens with. Without imports: start.ts asks for it before the page is loaded.

export const draftSlot = "easel.generate";

/** lastWorkflow is the id of the workflow that the draft has, "" without one. */
export function lastWorkflow(): string {
  try {
    const draft = JSON.parse(sessionStorage.getItem(draftSlot) ?? localStorage.getItem(draftSlot) ?? "{}");
    return typeof draft.workflow === "string" ? draft.workflow : "";
  } catch {
    return "";
  }
}

/** firstWorkflow is what a first visit opens: what needs nothing but a prompt. */
export const firstWorkflow = <W extends { category?: string; requires_input_image?: boolean }>(list: W[]): W | undefined =>
  list.find((w) => !w.requires_input_image && w.category === "generation") ?? list[0];
