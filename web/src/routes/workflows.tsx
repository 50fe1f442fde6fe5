import { createFileRoute } from "@tanstack/react-router";
import { Workflows } from "@/pages/Workflows";
import { readSearch } from "@/pages/Workflows/search";

// /workflows?id=ID opens a workflow, ?tab=characters and ?tab=presets the other lists.
export const Route = createFileRoute("/workflows")({ validateSearch: readSearch, component: Workflows });
