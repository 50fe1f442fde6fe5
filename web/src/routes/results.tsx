import { createFileRoute } from "@tanstack/react-router";
import { Results } from "@/pages/Results";
import { readSearch } from "@/pages/Results/filter";

// /results?q=fox&kind=image filters, ?open=ID shows one result, ?compare=A,B lays one over another, ?sweep=BATCH is a grid.
export const Route = createFileRoute("/results")({ validateSearch: readSearch, component: Results });
