export const tabs = ["workflows", "characters", "presets"] as const;
export type Tab = (typeof tabs)[number];

export interface WorkflowsSearch {
  id?: string; // a workflow in detail
  tab?: Tab;
}

/** readSearch takes from an address what is understood. */
export const readSearch = (s: Record<string, unknown>): WorkflowsSearch => ({
  id: typeof s.id === "string" && s.id !== "" ? s.id : undefined,
  tab: tabs.find((tab) => tab === s.tab && tab !== "workflows"),
});
