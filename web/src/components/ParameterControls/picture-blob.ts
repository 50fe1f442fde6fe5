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
export const usePictureUrl = (p: Picture | undefined) =>
  useBlobUrl(p && p.from !== "url" ? p.ref : "", (signal) => fetchPicture(p as Picture, signal));

/** useCharacterUrl is the reference picture of a character, "" where it has none. */
export const useCharacterUrl = (id: string) =>
  useBlobUrl(id && `character ${id}`, async (signal) => {
    const answer = await authorized(`/api/v1/characters/${encodeURIComponent(id)}/image`, { signal });
    if (!answer.ok) throw problemOf(await answer.json().catch(() => undefined), answer.status);
    return answer.blob();
  });

function useBlobUrl(key: string, read: (signal: AbortSignal) => Promise<Blob>): { url?: string; error: unknown } {
  const { data, error } = useQuery({
    queryKey: ["picture", key],
    queryFn: ({ signal }) => read(signal),
    enabled: key !== "",
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
