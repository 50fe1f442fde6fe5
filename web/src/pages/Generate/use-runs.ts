import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Job } from "@/api/client";
import { events, useJob } from "@/api/events";
import { queries } from "@/api/queries";

/** useRun is a job of this sitting, as the events have it; asked for once when they do not. */
export function useRun(id: string | undefined): { job: Job | undefined; gone: boolean } {
  const heard = useJob(id);
  const asked = useQuery({ ...queries.job(id ?? ""), enabled: id !== undefined && heard === undefined, retry: false });
  useEffect(() => {
    if (asked.data && !heard) events.put(asked.data);
  }, [asked.data, heard]);
  return { job: heard ?? asked.data, gone: (asked.error as { status?: number } | null)?.status === 404 };
}
