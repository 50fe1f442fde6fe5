import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useEffect, useState, useSyncExternalStore } from "react";
import { api, ask, type GenerateRequest } from "@/api/client";
import { Problem } from "@/api/problem";
import { t } from "@/text";
import { duration } from "@/text/duration";
import { usd } from "@/text/format";
import { draft } from "./draft";

export interface Count {
  runs: number | undefined;
  text: string;
  sweepProblem: string | undefined;
}

const quiet = 350; // ms after the last key

/** useCount asks the server how many runs a request makes, how long they take and what they cost: only when it is more than one. */
export function useCount(request: () => GenerateRequest | undefined): Count {
  const body = useSyncExternalStore(
    (on) => draft.subscribe("", on),
    () => {
      if (draft.fixed("count") < 2 && !draft.fixed("sweep").some((s) => s.text.trim())) return "";
      const r = request();
      return r ? JSON.stringify(r) : "";
    },
  );
  const settled = useSettled(useDeferredValue(body));
  const { data, error } = useQuery({
    queryKey: ["count", settled],
    queryFn: ({ signal }) => ask(api.POST("/api/v1/generate/count", { body: JSON.parse(settled), signal })),
    enabled: settled !== "",
    retry: false,
    staleTime: 60_000,
    placeholderData: (before) => (settled ? before : undefined),
  });
  if (!settled) return { runs: 1, text: "", sweepProblem: undefined };
  const sweep =
    error instanceof Problem
      ? error.fields.find((f) => f.field?.startsWith("sweep") || f.field === "zip" || f.field === "count")
      : undefined;
  // Time and cost are there when runs were made before, and every backend has a price.
  const guess = [data?.estimated_ms && duration(data.estimated_ms), data?.estimated_usd && usd(data.estimated_usd)].filter(Boolean);
  const text = data
    ? [t.generate.sweepRuns(data.runs), guess.length > 0 && t.generate.sweepAbout(guess.join(", "))].filter(Boolean).join(", ")
    : "";
  return { runs: data?.runs, text: sweep ? "" : text, sweepProblem: sweep?.message };
}

function useSettled(value: string): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const later = setTimeout(() => setSettled(value), quiet);
    return () => clearTimeout(later);
  }, [value]);
  return settled;
}
