import { createFileRoute } from "@tanstack/react-router";
import { Workflows } from "@/pages/Workflows";
import { readSearch } from "@/pages/Workflows/search";

// /workflows?id=ID shows one, ?tab=characters and ?tab=presets the rest of the library.
export const Route = createFileRoute("/workflows")({ validateSearch: readSearch, component: Workflows });
