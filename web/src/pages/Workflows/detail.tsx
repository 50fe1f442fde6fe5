import { useQueries, useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { ChevronLeft, Pencil, Trash2 } from "lucide-react";
import { type ReactNode, useMemo, useState } from "react";
import { api, ask } from "@/api/client";
import { queries, queryClient } from "@/api/queries";
import { Page } from "@/app/shell";
import { t } from "@/text";
import { Badge } from "@/ui/badge";
import { Button, buttonLook, IconButton } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Empty, Failed } from "@/ui/empty";
import { toast } from "@/ui/toast";
import { changed, workflowQueries } from "./data";
import type { Entry } from "./edit";
import { EditDialog } from "./edit-dialog";
import { has, modelsOf, type Needed } from "./graph";
import { GraphView } from "./graph-view";
import { Parameters } from "./parameters";

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="pb-8">
      <h2 className="mb-2 font-semibold text-lg">{title}</h2>
      {children}
    </section>
  );
}

/** Detail shows all of a workflow: what it takes, where that lands in its graph, and what a backend needs for it. */
export function Detail({ id }: { id: string }) {
  const navigate = useNavigate();
  const list = useQuery(workflowQueries.list);
  const schema = useQuery(queries.schema(id));
  const graph = useQuery(workflowQueries.graph(id));
  const [editing, setEditing] = useState(false);
  const [sure, setSure] = useState(false);
  const workflow = list.data?.workflows.find((w) => w.id === id);
  const source = list.data?.sources[id] ?? "";
  const mine = source === "user";
  const needed = useMemo(() => (graph.data ? modelsOf(graph.data.graph) : []), [graph.data]);
  const remove = async () => {
    setSure(false);
    try {
      await ask(api.DELETE("/api/v1/workflows/{id}", { params: { path: { id } } }));
      toast.done(t.workflows.removed(workflow?.name ?? id));
      await navigate({ to: "/workflows", search: {} });
      queryClient.removeQueries({ queryKey: ["workflows", id] }); // nobody is to ask for it again
      await changed();
    } catch (error) {
      toast.failed(error);
    }
  };
  const back = (
    <Link to="/workflows" search={{}} aria-label={t.workflows.back} className={buttonLook({ look: "quiet" }, "order-first -ml-2 px-2")}>
      <ChevronLeft aria-hidden />
    </Link>
  );
  if (list.data && !workflow) {
    return (
      <Page title={t.workflows.title} actions={back}>
        <Empty title={t.workflows.gone} hint={t.workflows.goneHint} />
      </Page>
    );
  }
  return (
    <Page
      title={workflow?.name ?? id}
      wide
      actions={
        <>
          {back}
          {mine && (
            <>
              <Button onClick={() => setEditing(true)}>
                <Pencil aria-hidden />
                {t.workflows.edit}
              </Button>
              <IconButton label={t.workflows.remove} onClick={() => setSure(true)}>
                <Trash2 />
              </IconButton>
            </>
          )}
          <Link to="/generate" search={{ workflow: id }} className={buttonLook({ look: "primary" })}>
            {t.workflows.open}
          </Link>
        </>
      }
    >
      <p className="mb-2 max-w-3xl text-muted">{workflow?.description}</p>
      <p className="mb-6 flex flex-wrap gap-1.5">
        {workflow?.category && <Badge>{t.workflows.categories[workflow.category] ?? workflow.category}</Badge>}
        {workflow?.model_family && workflow.model_family !== "none" && <Badge>{workflow.model_family}</Badge>}
        <Badge look={mine ? "accent" : "plain"}>{t.workflows.sources[source] ?? source}</Badge>
        <Badge className="font-mono">{id}</Badge>
      </p>
      <Section title={t.workflows.parameters}>
        {schema.error && <Failed error={schema.error} onRetry={() => void schema.refetch()} />}
        {schema.data && <Parameters inputs={schema.data.inputs} />}
        {!mine && list.data && <p className="mt-3 text-muted text-sm">{t.workflows.readOnly}</p>}
      </Section>
      <Section title={t.workflows.models}>
        {graph.data && (needed.length > 0 ? <Models needed={needed} /> : <p className="text-muted">{t.workflows.noModels}</p>)}
      </Section>
      <Section title={t.workflows.graph}>
        {graph.error && <Failed error={graph.error} onRetry={() => void graph.refetch()} />}
        {graph.data && <GraphView graph={graph.data.graph} bindings={graph.data.bindings} outputs={graph.data.outputs} />}
      </Section>
      {editing && <EditDialog id={id} entry={workflow as Entry} onClose={() => setEditing(false)} />}
      <Dialog
        open={sure}
        onOpenChange={setSure}
        title={t.workflows.removeSure(workflow?.name ?? id)}
        footer={
          <>
            <Button onClick={() => setSure(false)}>{t.app.cancel}</Button>
            <Button look="danger" onClick={() => void remove()}>
              {t.workflows.remove}
            </Button>
          </>
        }
      >
        <p>{t.workflows.removeText}</p>
      </Dialog>
    </Page>
  );
}

/** Models says of each model file that a graph names which backend has it. */
function Models({ needed }: { needed: Needed[] }) {
  const backends = useQuery(queries.backends).data ?? [];
  const lists = useQueries({ queries: backends.map((b) => workflowQueries.models(b.name)) });
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
    <section tabIndex={0} aria-label={t.workflows.models} className="scroll">
      <table className="w-full text-left">
        <thead className="text-muted text-sm">
          <tr>
            <th scope="col" className="pr-4 pb-1 font-medium">
              {t.workflows.model}
            </th>
            {backends.map((b) => (
              <th key={b.name} scope="col" className="pr-4 pb-1 font-medium">
                {t.workflows.onBackend(b.name)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {needed.map((m) => (
            <tr key={m.file}>
              <th scope="row" className="break-all py-1.5 pr-4 font-normal">
                {m.file} <span className="block text-muted text-sm">{t.workflows.usedBy(m.node)}</span>
              </th>
              {lists.map((list, i) => {
                const there = has(list.data ?? [], m.file);
                return (
                  <td key={backends[i]?.name} className="py-1.5 pr-4 align-top">
                    {list.data?.length ? (
                      <Badge look={there ? "good" : "bad"}>{there ? t.workflows.there : t.workflows.missing}</Badge>
                    ) : (
                      <Badge>{t.workflows.unknown}</Badge>
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      {backends.length === 0 && <p className="mt-2 text-muted">{t.workflows.noBackends}</p>}
    </section>
  );
}
