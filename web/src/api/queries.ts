import { keepPreviousData, QueryClient, queryOptions } from "@tanstack/react-query";
import { api, ask } from "./client";
import { Problem } from "./problem";
import type { Character, Workflow, WorkflowSchema } from "./types";

/** queryClient holds what the server said. What events tell is in events.ts. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      retry: (failures, error) => failures < 3 && (!(error instanceof Problem) || error.offline || error.status >= 500),
      retryDelay: (n) => Math.min(500 * 2 ** n, 5000),
      networkMode: "always", // a server on this machine is there without a network
    },
    mutations: { networkMode: "always" },
  },
});

/** queries are the lists and entries of the server, one definition each. */
export const queries = {
  workflows: queryOptions({
    queryKey: ["workflows"],
    queryFn: async ({ signal }) =>
      ((await ask(api.GET("/api/v1/workflows", { signal }))) as unknown as { workflows: Workflow[] }).workflows,
  }),
  schema: (id: string) =>
    queryOptions({
      queryKey: ["workflows", id, "schema"],
      queryFn: async ({ signal }) =>
        (await ask(api.GET("/api/v1/workflows/{id}/schema", { params: { path: { id } }, signal }))) as unknown as WorkflowSchema,
      enabled: id !== "",
    }),
  /** graph is the graph of a workflow, with where its parameters land. */
  graph: (id: string) =>
    queryOptions({
      queryKey: ["workflows", id, "graph"],
      queryFn: ({ signal }) => ask(api.GET("/api/v1/workflows/{id}/graph", { params: { path: { id } }, signal })),
      enabled: id !== "",
    }),
  /** sources say where each workflow is from; what is the user's can be changed. */
  sources: queryOptions({
    queryKey: ["workflows", "sources"],
    queryFn: async ({ signal }) => (await ask(api.GET("/api/v1/workflows", { signal }))).sources as Record<string, string>,
  }),
  /** readiness is which workflows run on a backend, and what the others lack. */
  readiness: (backend: string) =>
    queryOptions({
      queryKey: ["workflows", "readiness", backend],
      queryFn: async ({ signal }) =>
        (await ask(api.GET("/api/v1/backends/{name}/workflows", { params: { path: { name: backend } }, signal }))).workflows,
      staleTime: 60_000,
      retry: false,
    }),
  /** models are what a backend has in a folder. */
  models: (backend: string, folder: string) =>
    queryOptions({
      queryKey: ["backends", backend, "models", folder],
      queryFn: async ({ signal }) =>
        (
          await ask(api.GET("/api/v1/backends/{name}/models", { params: { path: { name: backend }, query: { folder } }, signal }))
        ).models.map((m) => m.name),
      enabled: backend !== "",
      retry: false,
    }),
  /** thumbnails are the newest picture of each workflow, by id. */
  thumbnails: queryOptions({
    queryKey: ["outputs", "thumbnails"],
    queryFn: async ({ signal }) => (await ask(api.GET("/api/v1/workflows/thumbnails", { signal }))).thumbnails as Record<string, string>,
    staleTime: 5 * 60_000,
    retry: false,
  }),
  characters: queryOptions({
    queryKey: ["characters"],
    queryFn: async ({ signal }) =>
      ((await ask(api.GET("/api/v1/characters", { signal }))) as unknown as { characters: Character[] }).characters,
  }),
  /** characterLibrary is the characters with where each is from and the addresses of their pictures. */
  characterLibrary: queryOptions({
    queryKey: ["characters", "library"],
    queryFn: async ({ signal }) =>
      (await ask(api.GET("/api/v1/characters", { signal }))) as unknown as {
        characters: Character[];
        sources: Record<string, string>;
        images: Record<string, string>;
      },
  }),
  presets: queryOptions({
    queryKey: ["presets"],
    queryFn: async ({ signal }) => (await ask(api.GET("/api/v1/presets", { signal }))).presets,
  }),
  job: (id: string) =>
    queryOptions({
      queryKey: ["jobs", id],
      queryFn: ({ signal }) => ask(api.GET("/api/v1/jobs/{id}", { params: { path: { id } }, signal })),
      enabled: id !== "",
    }),
  jobs: (filter: { status?: ("queued" | "running" | "succeeded" | "failed" | "cancelled")[]; limit?: number }) =>
    queryOptions({
      queryKey: ["jobs", "list", filter],
      queryFn: ({ signal }) => ask(api.GET("/api/v1/jobs", { params: { query: filter }, signal })),
      placeholderData: keepPreviousData,
    }),
  queue: queryOptions({
    queryKey: ["jobs", "queue"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/queue", { signal })),
  }),
  backends: queryOptions({
    queryKey: ["backends"],
    queryFn: async ({ signal }) => (await ask(api.GET("/api/v1/backends", { signal }))).backends,
  }),
  outputs: (filter: { workflow?: string; kind?: "image" | "video" | "audio" | "text" | "file"; limit?: number; favourite?: boolean }) =>
    queryOptions({
      queryKey: ["outputs", filter],
      queryFn: ({ signal }) => ask(api.GET("/api/v1/outputs", { params: { query: filter }, signal })),
      placeholderData: keepPreviousData,
    }),
};
