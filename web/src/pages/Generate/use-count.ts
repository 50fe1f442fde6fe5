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
  problem: CountProblem | undefined;
}

/** A CountProblem is what the server has against the number of runs: of a sweep's line, or of all of it. */
export interface CountProblem {
  line?: string; // the parameter that is swept
  message: string;
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
  if (!settled) return { runs: 1, text: "", problem: undefined };
  const problem = error instanceof Problem ? problemIn(error) : undefined;
  // Time and cost are there when runs were made before, and every backend has a price.
  const guess = [data?.estimated_ms && duration(data.estimated_ms), data?.estimated_usd && usd(data.estimated_usd)].filter(Boolean);
  const text = data
    ? [t.generate.sweepRuns(data.runs), guess.length > 0 && t.generate.sweepAbout(guess.join(", "))].filter(Boolean).join(", ")
    : "";
  return { runs: data?.runs, text: problem ? "" : text, problem };
}

function problemIn(error: Problem): CountProblem | undefined {
  const swept = draft.fixed("sweep").map((s) => s.name);
  for (const { field = "", message } of error.fields) {
    const line = field.replace(/^(sweep|params)\./, "");
    if (swept.includes(line)) return { line, message: message ?? error.message };
    if (field.startsWith("sweep") || field === "zip" || field === "count") return { message: message ?? error.message };
  }
  return undefined;
}

function useSettled(value: string): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const later = setTimeout(() => setSettled(value), quiet);
    return () => clearTimeout(later);
  }, [value]);
  return settled;
}
