import { createFileRoute } from "@tanstack/react-router";
import { Results, readSearch } from "@/pages/Results";

// /results?q=fox&kind=image filters, ?open=ID shows one result, ?compare=A,B lays one over another, ?sweep=BATCH is a grid.
export const Route = createFileRoute("/results")({ validateSearch: readSearch, component: Results });
