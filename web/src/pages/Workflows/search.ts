// What stands in the address of the page. Apart from it, so that the route does not load the page.

const tabs = ["workflows", "characters", "presets"] as const;
type TabName = (typeof tabs)[number];

export interface WorkflowsSearch {
  tab?: Exclude<TabName, "workflows">;
  id?: string; // of the workflow that is open
}

export function readSearch(search: Record<string, unknown>): WorkflowsSearch {
  const tab = tabs.find((name) => name === search.tab);
  return {
    tab: tab === "workflows" ? undefined : tab,
    id: typeof search.id === "string" && search.id !== "" ? search.id : undefined,
  };
}
