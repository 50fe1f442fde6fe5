import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { authorized } from "@/api/client";
import { problemOf } from "@/api/problem";
import type { Picture } from "./values";

const pathOf = (p: Picture) =>
  p.from === "output" ? `/api/v1/outputs/${encodeURIComponent(p.ref)}/content` : `/api/v1/files/${encodeURIComponent(p.ref)}`;

/** fetchPicture reads a picture's content. */
export async function fetchPicture(p: Picture, signal?: AbortSignal): Promise<Blob> {
  let answer = await authorized(pathOf(p), { signal });
  // What a job names by an id may be an upload or a result.
  if (answer.status === 404) answer = await authorized(pathOf({ ...p, from: p.from === "output" ? "file" : "output" }), { signal });
  if (!answer.ok) throw problemOf(await answer.json().catch(() => undefined), answer.status);
  return answer.blob();
}

/** usePictureUrl is a picture as an address for <img>, read with whoever's key; undefined while it loads, and for what only the server can reach. */
export function usePictureUrl(p: Picture | undefined): { url?: string; error: unknown } {
  const { data, error } = useQuery({
    queryKey: ["picture", p?.ref],
    queryFn: ({ signal }) => fetchPicture(p as Picture, signal),
    enabled: p !== undefined && p.from !== "url",
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    retry: 1,
  });
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    if (!data) return setUrl(undefined);
    const made = URL.createObjectURL(data);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [data]);
  return { url, error };
}
