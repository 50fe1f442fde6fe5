// The first and smallest script: while the pages are loading, it asks the API for what Generate opens with.
import { askAhead } from "./api/ahead";
import type { Workflow } from "./api/types";
import { firstWorkflow, lastWorkflow } from "./pages/Generate/first";

const { pathname, searchParams } = new URL(location.href);
const schema = (id: string) => void askAhead(`/api/v1/workflows/${encodeURIComponent(id)}/schema`);

if (pathname === "/" || pathname === "/generate") {
  const chosen = searchParams.get("workflow") ?? lastWorkflow();
  const workflows = askAhead("/api/v1/workflows");
  askAhead("/api/v1/characters");
  if (chosen) schema(chosen);
  else {
    workflows
      .then(async (answer) => {
        const list: { workflows: Workflow[] } = await answer.clone().json();
        const first = firstWorkflow(list.workflows);
        if (first) schema(first.id);
      })
      .catch(() => {}); // the page asks again, and says what is wrong
  }
}
