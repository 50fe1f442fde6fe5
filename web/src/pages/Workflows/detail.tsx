import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { ArrowLeft, Pencil, Sparkles, Trash2 } from "lucide-react";
import { useMemo, useState } from "react";
import { api, ask } from "@/api/client";
import { queries, queryClient } from "@/api/queries";
import type { Workflow } from "@/api/types";
import { kindOf, WorkflowPicture } from "@/components/WorkflowSelector";
import type { Standing } from "@/components/WorkflowSelector/state";
import { workflows as pageText } from "@/text/en/workflows";
import { Button, buttonLook } from "@/ui/button";
import { Failed } from "@/ui/empty";
import { toast } from "@/ui/toast";
import { AskRemove } from "./ask";
import { GraphSection } from "./drawing";
import { Edit } from "./edit";
import type { Graph } from "./layout";
import { Needs } from "./needs";
import { type Described, Parameters } from "./parameters";

interface Props {
  workflow: Workflow;
  source: string;
  picture: string | undefined;
  standings: Standing[];
  noBackend: boolean;
}

/** Detail is one workflow: what it needs, its graph with the parameters in it, and what can be set. */
export function Detail({ workflow, source, picture, standings, noBackend }: Props) {
  const graph = useQuery(queries.graph(workflow.id));
  const schema = useQuery(queries.schema(workflow.id));
  const navigate = useNavigate();
  const [editing, setEditing] = useState(false);
  const [removing, setRemoving] = useState(false);
  const inputs = (schema.data?.inputs ?? []) as unknown as Described[];
  const labels = useMemo(() => new Map(inputs.map((i) => [i.name, i.label || i.name])), [inputs]);
  const missing = useMemo(() => missingClasses(standings), [standings]);
  const own = source === "user";
  const remove = async () => {
    await ask(api.DELETE("/api/v1/workflows/{id}", { params: { path: { id: workflow.id } } }));
    toast.done(pageText.removed(workflow.name));
    await navigate({ to: "/workflows", search: {} });
    await queryClient.invalidateQueries({ queryKey: ["workflows"] });
  };
  return (
    <article aria-label={workflow.name} className="mx-auto max-w-5xl px-4 pt-3 pb-8 phone:px-6">
      <Link to="/workflows" className="mb-2 inline-flex h-8 items-center gap-1.5 text-muted hover:text-text rail:hidden">
        <ArrowLeft className="size-4" aria-hidden />
        {pageText.back}
      </Link>
      <header className="flex flex-wrap items-start gap-x-4 gap-y-3 pb-4">
        <WorkflowPicture workflow={workflow} src={picture} className="size-16 rounded-lg" />
        <div className="min-w-0 flex-1 basis-64">
          <h2 className="line-clamp-3 break-words font-semibold text-xl">{workflow.name}</h2>
          <p className="break-words text-muted">{workflow.description}</p>
          <p className="mt-1 text-muted text-sm">
            <span className="break-all font-mono">{workflow.id}</span>
            {` · ${[kindOf(workflow), pageText.sources[source] ?? source].filter(Boolean).join(" · ")}`}
          </p>
        </div>
        <div className="flex flex-wrap gap-2">
          {own && (
            <>
              <Button look="quiet" onClick={() => setRemoving(true)}>
                <Trash2 />
                {pageText.remove}
              </Button>
              <Button onClick={() => setEditing(true)}>
                <Pencil />
                {pageText.edit}
              </Button>
            </>
          )}
          <Link to="/generate" search={{ workflow: workflow.id }} className={buttonLook({ look: "primary" })}>
            <Sparkles aria-hidden />
            {pageText.generate}
          </Link>
        </div>
      </header>
      <Needs standings={standings} noBackend={noBackend} />
      {graph.data && <GraphSection name={workflow.name} graph={graph.data} labels={labels} missing={missing} />}
      {schema.data && <Parameters inputs={inputs} graph={graph.data?.graph as Graph | undefined} />}
      {(graph.error ?? schema.error) && (
        <Failed error={graph.error ?? schema.error} onRetry={() => void Promise.all([graph.refetch(), schema.refetch()])} />
      )}
      {source === "built-in" && <p className="border-line border-t pt-4 text-muted text-sm">{pageText.readOnly}</p>}
      {editing && <Edit workflow={workflow} onClose={() => setEditing(false)} />}
      <AskRemove
        open={removing}
        onClose={() => setRemoving(false)}
        title={pageText.removeAsk(workflow.name)}
        text={pageText.removeWorkflow}
        onRemove={remove}
      />
    </article>
  );
}

// Classes of nodes that a backend said it lacks: "node FaceDetailer (Impact Pack)".
function missingClasses(standings: Standing[]): Set<string> {
  const lacks = standings.flatMap((s) => s.ready?.missing ?? []);
  return new Set(lacks.map((l) => /^node (\S+)/.exec(l.what)?.[1] ?? "").filter(Boolean));
}
