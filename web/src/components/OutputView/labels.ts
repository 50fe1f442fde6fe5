import { useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { queries } from "@/api/queries";
import { labelOf } from "@/components/ParameterControls/kinds";

/**
 * useLabels gives what the parameters of a workflow are called in its form: "Prompt strength" for cfg. Until the form is
 * known, as `isReady` says, and for good when the workflow is gone, they have their own names.
 */
export function useLabels(workflow: string): { label: (parameter: string) => string; isReady: boolean } {
  const { data, isPending } = useQuery(queries.schema(workflow));
  const label = useCallback((name: string) => labelOf(data?.inputs.find((i) => i.name === name) ?? { name }), [data]);
  return { label, isReady: !isPending };
}
