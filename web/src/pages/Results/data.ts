import { type InfiniteData, queryOptions, useInfiniteQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { api, ask, type Output, type Schemas } from "@/api/client";
import { events } from "@/api/events";
import { queryClient } from "@/api/queries";
import { baseName } from "@/components/OutputView/picture";
import { toast } from "@/ui/toast";
import { type Filter, queryOf } from "./filter";
import { trash, useHidden } from "./trash";

type Page = Schemas["OutputListBody"];
type Pages = InfiniteData<Page, string | undefined>;

const firstPage = 100; // what is seen at once, soon
const nextPages = 500; // the most that the server gives
const linksLive = 50 * 60_000; // addresses in answers are valid for an hour
const mostInBatch = 5_000;

const getPage = (filter: Filter, cursor?: string, signal?: AbortSignal, limit = firstPage) =>
  ask(api.GET("/api/v1/outputs", { params: { query: { ...queryOf(filter), cursor, limit } }, signal }));

/** known are the ids that a list has. */
const known = (data: Pages) => new Set(data.pages.flatMap((p) => p.outputs.map((o) => o.id)));

/** merged has results that are new before the others. */
export function merged(data: Pages, fresh: Output[]): Pages {
  const have = known(data);
  const added = fresh.filter((o) => !have.has(o.id));
  const [first, ...rest] = data.pages;
  if (!first || added.length === 0) return data;
  return { ...data, pages: [{ ...first, outputs: [...added, ...first.outputs] }, ...rest] };
}

/**
 * useResults are the results of a filter, page by page. What is made meanwhile is put before them while `atTop` says
 * that the beginning is seen; otherwise it is counted in `fresh` until `showFresh`, so that nothing jumps.
 */
export function useResults(filter: Filter, atTop: () => boolean) {
  const queryKey = useMemo(() => ["results", "list", filter] as const, [filter]);
  const query = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => getPage(filter, pageParam, signal, pageParam ? nextPages : firstPage),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    staleTime: linksLive,
    refetchInterval: linksLive,
  });
  const hidden = useHidden();
  const [waiting, setWaiting] = useState<Output[]>([]);
  const top = useRef(atTop);
  top.current = atTop;

  const take = useCallback(
    (fresh: Output[]) => queryClient.setQueryData<Pages>(queryKey, (data) => data && merged(data, fresh)),
    [queryKey],
  );
  useEffect(() => {
    setWaiting([]);
    let timer: ReturnType<typeof setTimeout> | undefined;
    let gone = false;
    const look = async () => {
      timer = undefined;
      const data = queryClient.getQueryData<Pages>(queryKey);
      const page = await getPage(filter).catch(() => undefined);
      if (!data || !page || gone) return;
      const have = known(data);
      const fresh = page.outputs.filter((o) => !have.has(o.id));
      if (fresh.length === page.outputs.length && fresh.length >= firstPage) void queryClient.invalidateQueries({ queryKey });
      else if (top.current()) take(fresh);
      else setWaiting(fresh);
    };
    // A batch ends many jobs a second: asked once for all of them.
    const off = events.onEnded((job) => {
      if (job.outputs.length > 0) timer ??= setTimeout(() => void look(), 400);
    });
    return () => {
      gone = true;
      off();
      clearTimeout(timer);
    };
  }, [queryKey, filter, take]);

  const all = useMemo(() => query.data?.pages.flatMap((p) => p.outputs) ?? [], [query.data]);
  const items = useMemo(() => (hidden.size > 0 ? all.filter((o) => !hidden.has(o.id)) : all), [all, hidden]);
  return {
    items,
    error: query.error,
    isLoading: query.isPending,
    hasMore: query.hasNextPage,
    isLoadingMore: query.isFetchingNextPage,
    loadMore: () => void query.fetchNextPage({ cancelRefetch: false }),
    retry: () => void query.refetch(),
    fresh: waiting.length,
    showFresh: () => {
      take(waiting);
      setWaiting([]);
    },
  };
}

export const resultQueries = {
  /** one is a result that an address names and the gallery may not have yet. */
  one: (id: string | undefined) =>
    queryOptions({
      queryKey: ["results", "one", id ?? ""],
      queryFn: ({ signal }) => ask(api.GET("/api/v1/outputs/{id}", { params: { path: { id: id ?? "" } }, signal })),
      enabled: id !== undefined,
      staleTime: linksLive,
    }),
  /** batch are all results of a batch, the first run's first. */
  batch: (id: string) =>
    queryOptions({
      queryKey: ["results", "batch", id],
      queryFn: async ({ signal }) => {
        const outputs: Output[] = [];
        let cursor: string | undefined;
        do {
          const page = await getPage({ batch: id }, cursor, signal, 500);
          outputs.push(...page.outputs);
          cursor = page.next_cursor ?? undefined;
        } while (cursor && outputs.length < mostInBatch);
        return outputs.reverse();
      },
      staleTime: linksLive,
    }),
};

/** patch changes a result in every list that has it. */
function patch(id: string, change: Partial<Output>) {
  const apply = (o: Output) => (o.id === id ? { ...o, ...change } : o);
  queryClient.setQueriesData<Pages>(
    { queryKey: ["results", "list"] },
    (data) => data && { ...data, pages: data.pages.map((p) => ({ ...p, outputs: p.outputs.map(apply) })) },
  );
  queryClient.setQueriesData<Output[]>({ queryKey: ["results", "batch"] }, (data) => data?.map(apply));
  queryClient.setQueryData<Output>(["results", "one", id], (data) => data && apply(data));
}

/** setFavourite marks results at once, and takes the mark back where the server refuses it. */
export async function setFavourite(items: Output[], favourite: boolean) {
  const changed = items.filter((o) => o.favourite !== favourite);
  for (const o of changed) patch(o.id, { favourite });
  await Promise.all(
    changed.map((o) =>
      ask(api.PUT("/api/v1/outputs/{id}/favourite", { params: { path: { id: o.id } }, body: { favourite } })).catch((error) => {
        patch(o.id, { favourite: !favourite });
        toast.failed(error);
      }),
    ),
  );
}

/** save downloads an address of this server under a name. */
export function save(url: string, name = "") {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
}

/** download saves one result as it is, several as one ZIP file. */
export async function download(items: Output[]): Promise<number> {
  const [only] = items;
  if (items.length === 1 && only) save(only.url, baseName(only.name));
  if (items.length < 2) return items.length;
  const { url } = await ask(api.POST("/api/v1/outputs/archive", { body: { ids: items.map((o) => o.id) } }));
  save(url, "easel.zip");
  return items.length;
}

export { trash };
