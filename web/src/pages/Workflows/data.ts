import { queryOptions } from "@tanstack/react-query";
import { api, ask, type Schemas } from "@/api/client";
import { queryClient } from "@/api/queries";
import type { Workflow } from "@/api/types";
import type { Graph } from "./graph";

export type Imported = Schemas["ImportedView"];

export const workflowQueries = {
  /** list are the workflows with where each is from: only the user's can be changed. */
  list: queryOptions({
    queryKey: ["workflows", "sourced"],
    queryFn: async ({ signal }) =>
      (await ask(api.GET("/api/v1/workflows", { signal }))) as unknown as { workflows: Workflow[]; sources: Record<string, string> },
  }),
  graph: (id: string) =>
    queryOptions({
      queryKey: ["workflows", id, "graph"],
      queryFn: async ({ signal }) => {
        const g = await ask(api.GET("/api/v1/workflows/{id}/graph", { params: { path: { id } }, signal }));
        return { ...g, graph: g.graph as Graph };
      },
    }),
  models: (backend: string) =>
    queryOptions({
      queryKey: ["backends", backend, "models"],
      queryFn: async ({ signal }) =>
        (await ask(api.GET("/api/v1/backends/{name}/models", { params: { path: { name: backend } }, signal }))).models,
      staleTime: 60_000,
      retry: false,
    }),
  characters: queryOptions({
    queryKey: ["characters", "sourced"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/characters", { signal })),
  }),
  presets: queryOptions({
    queryKey: ["presets"],
    queryFn: async ({ signal }) => (await ask(api.GET("/api/v1/presets", { signal }))).presets,
  }),
};

interface ImportAs {
  id?: string;
  name?: string;
  dry_run?: boolean;
  force?: boolean;
}

/** importFile makes a workflow of a file, or says with dry_run what it would be. */
export async function importFile(file: File, as: ImportAs): Promise<Imported> {
  const answer = await ask(
    api.POST("/api/v1/workflows/import", {
      params: { query: { filename: file.name, ...as } },
      headers: { "Content-Type": "application/octet-stream" },
      body: file as unknown as { file: string },
      bodySerializer: (body) => body as unknown as BodyInit,
    }),
  );
  if (!as.dry_run) await changed();
  return answer;
}

/** changed reads anew what a change of workflows and characters touches. */
export const changed = () => Promise.all(["workflows", "characters"].map((key) => queryClient.invalidateQueries({ queryKey: [key] })));
