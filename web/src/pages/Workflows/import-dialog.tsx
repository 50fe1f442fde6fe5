import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { problemOf } from "@/api/problem";
import { t } from "@/text";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Failed } from "@/ui/empty";
import { Field } from "@/ui/field";
import { Progress } from "@/ui/progress";
import { toast } from "@/ui/toast";
import { type Imported, importFile, workflowQueries } from "./data";
import { has } from "./graph";
import { Parameters } from "./parameters";

/** ImportDialog says what easel understands of a file, and makes a workflow of it when that is wanted. */
export function ImportDialog({ file, onClose, onDone }: { file: File; onClose: () => void; onDone: (id: string) => void }) {
  const [found, setFound] = useState<Imported>();
  const [error, setError] = useState<unknown>();
  const [id, setId] = useState("");
  const [name, setName] = useState("");
  const [idError, setIdError] = useState("");
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    let gone = false;
    importFile(file, { dry_run: true }).then(
      (view) => {
        if (gone) return;
        setFound(view);
        setId(view.id);
        setName((view.entry as { name?: string }).name ?? "");
      },
      (e) => !gone && setError(e),
    );
    return () => {
      gone = true;
    };
  }, [file]);
  // easel may run with another file of the folder where one is missing, and counts it as there: the list tells.
  const list = useQuery({ ...workflowQueries.models(found?.backend ?? ""), enabled: !!found?.backend }).data;
  const stateOf = (m: Imported["models"][0]) => (m.state === "there" && list?.length && !has(list, m.file) ? "missing" : m.state);
  const replaces = found?.id === id ? found.replaces : null;
  const save = async () => {
    setBusy(true);
    setIdError("");
    try {
      const done = await importFile(file, { id: id.trim(), name: name.trim() || undefined, force: replaces === "user" || undefined });
      toast.done(t.workflows.imported(name.trim() || done.id));
      onDone(done.id);
    } catch (e) {
      const problem = problemOf(e);
      const field = problem.fields.find((f) => f.field === "id");
      if (field || problem.status === 409) setIdError(field?.message ?? problem.message);
      else toast.failed(e);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog
      open
      onOpenChange={(o) => !o && onClose()}
      title={t.workflows.importing(file.name)}
      className="phone:top-[6vh] phone:max-h-[88vh] phone:w-[min(52rem,calc(100vw-2rem))]"
      footer={
        <>
          <Button onClick={onClose}>{t.app.cancel}</Button>
          <Button look="primary" busy={busy} disabled={!found || id.trim() === ""} onClick={() => void save()}>
            {replaces === "user" ? t.workflows.doReplace : t.workflows.doImport}
          </Button>
        </>
      }
    >
      {error !== undefined && <Failed error={error} />}
      {!found && error === undefined && <Progress label={t.app.loading} />}
      {found && (
        <div className="grid gap-5">
          <div className="grid items-start gap-3 phone:grid-cols-2">
            <Field label={t.workflows.asName}>
              {(ids) => <input {...ids} className="field-box" value={name} onChange={(e) => setName(e.target.value)} />}
            </Field>
            <Field label={t.workflows.asId} hint={t.workflows.asIdHint} error={idError}>
              {(ids) => <input {...ids} className="field-box font-mono" value={id} onChange={(e) => setId(e.target.value)} />}
            </Field>
          </div>
          {replaces && (
            <p className="rounded-md bg-warn-tint px-3 py-2 text-warn">{t.workflows.replaces(t.workflows.sources[replaces] ?? replaces)}</p>
          )}
          <Part title={t.workflows.missingNodes} shown={found.missing_nodes.length > 0}>
            {found.missing_nodes.map((n) => (
              <li key={n.node} className="break-words">
                {n.title || n.class}{" "}
                <span className="text-muted">{[n.class, n.pack, n.unsure ? t.workflows.unsure : ""].filter(Boolean).join(", ")}</span>
              </li>
            ))}
          </Part>
          <Part title={t.workflows.problems} shown={found.problems.length > 0}>
            {found.problems.map((p) => (
              <li key={`${p.parameter} ${p.message}`} className="break-words text-bad">
                {p.parameter && <b>{p.parameter}: </b>}
                {p.message} <span className="text-muted">{p.hint}</span>
              </li>
            ))}
          </Part>
          <Part title={t.workflows.models} shown={found.models.length > 0}>
            {found.models.map((m) => (
              <li key={m.folder + m.file} className="flex flex-wrap items-center gap-2">
                <Badge look={stateOf(m) === "there" ? "good" : stateOf(m) === "missing" ? "bad" : "plain"}>{t.workflows[stateOf(m)]}</Badge>
                <span className="break-all">
                  <span className="text-muted">{m.folder}/</span>
                  {m.file}
                </span>
              </li>
            ))}
          </Part>
          <section>
            <h3 className="mb-1 font-medium">{t.workflows.understood}</h3>
            <Parameters inputs={found.inputs} />
          </section>
          <Part title={t.workflows.notes} shown={found.notes.length > 0}>
            {found.notes.map((n) => (
              <li key={n} className="break-words text-muted">
                {n}
              </li>
            ))}
          </Part>
          <p className="text-muted text-sm">{found.backend ? t.workflows.judgedBy(found.backend) : t.workflows.judgedByNone}</p>
        </div>
      )}
    </Dialog>
  );
}

function Part({ title, shown, children }: { title: string; shown: boolean; children: React.ReactNode }) {
  if (!shown) return null;
  return (
    <section>
      <h3 className="mb-1 font-medium">{title}</h3>
      <ul className="grid gap-1">{children}</ul>
    </section>
  );
}
