import { createFileRoute } from "@tanstack/react-router";
import { Generate, readSearch } from "@/pages/Generate";

// /generate?workflow=ID opens a workflow, ?job=ID what a job was made from, ?image=OUTPUT uses a result as input.
export const Route = createFileRoute("/generate")({ validateSearch: readSearch, component: Generate });
