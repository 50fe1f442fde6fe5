import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Bookmark, Pencil, Sparkles, Trash2 } from "lucide-react";
import { useEffect, useState } from "react";
import { api, ask, type GenerateRequest, type Schemas } from "@/api/client";
import { type Problem, problemOf } from "@/api/problem";
import { queries, queryClient } from "@/api/queries";
import type { Workflow } from "@/api/types";
import { Waiting } from "@/app/waiting";
import { WorkflowPicture } from "@/components/WorkflowSelector";
import { t } from "@/text";
import { workflows as pageText } from "@/text/en/workflows";
import { Button, buttonLook, IconButton } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Empty, Failed } from "@/ui/empty";
import { Field } from "@/ui/field";
import { Select } from "@/ui/select";
import { TextArea } from "@/ui/text-area";
import { toast } from "@/ui/toast";
import { useParameterNames } from "./character-form";
import { showValue, writeExact } from "./exact";
import { linesOf, NamedValues, twice, valuesOf } from "./named-values";

type Preset = Omit<Schemas["PresetView"], "request"> & { request: Partial<GenerateRequest> };
const put = (name: string, request: unknown) =>
  ask(api.PUT("/api/v1/presets/{name}", { params: { path: { name } }, body: request as never, bodySerializer: writeExact }));
const forget = (name: string) => ask(api.DELETE("/api/v1/presets/{name}", { params: { path: { name } } }));
const reread = () => queryClient.invalidateQueries({ queryKey: ["presets"] });

/** Presets is the list of requests that are kept under a name; adding counts the presses of the page's button. */
export function Presets({ adding }: { adding: number }) {
  const presets = useQuery(queries.presets);
  const workflows = useQuery(queries.workflows).data ?? [];
  const thumbnails = useQuery(queries.thumbnails).data ?? {};
  const last = useQuery(queries.jobs({ limit: 1 })).data?.jobs?.[0]?.request as Partial<GenerateRequest> | undefined;
  const [open, setOpen] = useState<Preset | "new" | "last">();
  const simplest = workflows.find((w) => !w.requires_input_image && w.category === "generation") ?? workflows[0];
  useEffect(() => {
    if (adding > 0) setOpen("new");
  }, [adding]);
  if (presets.error && !presets.data) return <Failed error={presets.error} onRetry={() => void presets.refetch()} />;
  if (!presets.data) return <Waiting />;
  const list = presets.data as unknown as Preset[];
  const remove = async (p: Preset) => {
    try {
      await forget(p.name);
      await reread();
      toast.done(pageText.removed(p.name), { label: t.app.undo, onClick: () => void put(p.name, p.request).then(reread, toast.failed) });
    } catch (error) {
      toast.failed(error);
    }
  };
  const keepLast = last && (
    <Button onClick={() => setOpen("last")}>
      <Bookmark />
      {pageText.presets.keepLast}
    </Button>
  );
  const addFirst = async () => {
    if (!simplest) return;
    try {
      await put(pageText.presets.exampleName, {
        workflow_id: simplest.id,
        prompt: simplest.example_payload?.prompt ?? pageText.presets.examplePrompt,
      });
      await reread();
    } catch (error) {
      toast.failed(error);
    }
  };
  return (
    <div className="scroll h-full px-4 py-3 phone:px-6">
      {list.length === 0 ? (
        <Empty icon={<Bookmark />} title={pageText.presets.empty} hint={pageText.presets.emptyHint}>
          <Button onClick={() => void addFirst()} disabled={!simplest}>
            {pageText.presets.addFirst}
          </Button>
          {keepLast}
        </Empty>
      ) : (
        <>
          <div className="flex max-w-4xl flex-wrap items-center justify-between gap-2 pb-2">
            <p className="text-muted">{pageText.presets.intro}</p>
            {keepLast}
          </div>
          <ul aria-label={pageText.presets.title} className="max-w-4xl divide-y divide-line">
            {list.map((p) => {
              const workflow = workflows.find((w) => w.id === p.request.workflow_id);
              return (
                <li key={p.name} className="flex flex-wrap items-center gap-x-3 gap-y-2 py-3">
                  <WorkflowPicture workflow={workflow} src={thumbnails[workflow?.id ?? ""]} className="size-12 rounded-md" />
                  <div className="min-w-0 flex-1 basis-52">
                    <h2 className="break-words font-medium">{p.name}</h2>
                    <p className="truncate text-muted">{p.request.prompt}</p>
                    <p className="truncate text-muted text-sm">{summary(p.request, workflow)}</p>
                  </div>
                  <div className="flex gap-1">
                    <IconButton label={pageText.presets.edit(p.name)} onClick={() => setOpen(p)}>
                      <Pencil />
                    </IconButton>
                    <IconButton label={`${pageText.remove} ${p.name}`} onClick={() => void remove(p)}>
                      <Trash2 />
                    </IconButton>
                    {workflow && (
                      <Link to="/generate" search={{ preset: p.name }} className={buttonLook()}>
                        <Sparkles aria-hidden />
                        {pageText.presets.use}
                      </Link>
                    )}
                  </div>
                </li>
              );
            })}
          </ul>
        </>
      )}
      {open && (
        <PresetForm
          preset={open === "new" || open === "last" ? undefined : open}
          start={open === "last" ? last : undefined}
          workflows={workflows}
          first={simplest?.id ?? ""}
          taken={list.map((p) => p.name)}
          onClose={() => setOpen(undefined)}
        />
      )}
    </div>
  );
}

const fileKeys = ["input_image", "mask"] as const;

function summary(request: Partial<GenerateRequest>, workflow: Workflow | undefined): string {
  const files = fileKeys.filter((k) => request[k]).length + (request.input_images?.length ?? 0) + Object.keys(request.inputs ?? {}).length;
  return [
    workflow?.name ?? `${request.workflow_id}: ${pageText.presets.gone}`,
    (request as { character_id?: string }).character_id,
    files > 0 ? pageText.presets.files(files) : "",
    ...Object.entries(request.params ?? {}).map(([name, value]) => `${name.replace(/_/g, " ")} ${showValue(value)}`),
  ]
    .filter(Boolean)
    .join(" · ");
}

interface FormProps {
  preset: Preset | undefined;
  start: Partial<GenerateRequest> | undefined; // what a new one begins with
  workflows: Workflow[];
  first: string;
  taken: string[];
  onClose: () => void;
}

function PresetForm({ preset, start, workflows, first, taken, onClose }: FormProps) {
  const request: Partial<GenerateRequest> = preset?.request ?? start ?? {};
  const [name, setName] = useState(preset?.name ?? "");
  const [workflow, setWorkflow] = useState(request.workflow_id ?? first);
  const [character, setCharacter] = useState((request as { character_id?: string }).character_id ?? "");
  const [prompt, setPrompt] = useState(request.prompt ?? "");
  const [negative, setNegative] = useState(request.negative ?? "");
  const [lines, setLines] = useState(() => linesOf(request.params));
  const [failure, setFailure] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const characters = useQuery(queries.characters).data ?? [];
  const schema = useQuery(queries.schema(workflow)).data;
  const every = useParameterNames();
  const known = schema ? schema.inputs.map((i) => i.name) : every;
  const isTaken = name !== preset?.name && taken.includes(name.trim());
  const refused = Object.fromEntries((failure?.fields ?? []).map((f) => [f.field.replace(/^params\./, ""), f.message]));
  const save = async () => {
    if (name.trim() === "" || isTaken || twice(lines)) return;
    setBusy(true);
    setFailure(undefined);
    try {
      const params = valuesOf(lines);
      await put(name.trim(), {
        ...request,
        workflow_id: workflow,
        character_id: character || undefined,
        prompt: prompt || undefined,
        negative: negative || undefined,
        params: Object.keys(params).length > 0 ? params : undefined,
      });
      if (preset && preset.name !== name.trim()) await forget(preset.name);
      await reread();
      toast.done(pageText.presets.saved(name.trim()));
      onClose();
    } catch (error) {
      setFailure(problemOf(error));
    } finally {
      setBusy(false);
    }
  };
  const shownAtField = new Set(["workflow_id", "character_id", "prompt", "negative", ...lines.map((l) => l.name.trim())]);
  const elsewhere = failure && !Object.keys(refused).some((f) => shownAtField.has(f));
  return (
    <Dialog
      open
      onOpenChange={(o) => !o && onClose()}
      title={preset ? pageText.presets.edit(preset.name) : pageText.presets.add}
      className="phone:top-[8vh] phone:max-h-[84vh] phone:w-[38rem]"
      footer={
        <>
          {elsewhere && (
            <p role="alert" className="min-w-0 flex-1 self-center text-bad text-sm">
              {failure.message} {failure.hint && <span className="text-muted">{failure.hint}</span>}
            </p>
          )}
          <Button onClick={onClose}>{t.app.cancel}</Button>
          <Button look="primary" busy={busy} disabled={name.trim() === "" || isTaken} onClick={() => void save()}>
            {pageText.save}
          </Button>
        </>
      }
    >
      <form
        className="grid gap-4"
        onSubmit={(e) => {
          e.preventDefault();
          void save();
        }}
      >
        <Field label={pageText.presets.name} error={isTaken ? pageText.presets.nameTaken : refused.name}>
          {(ids) => <input {...ids} className="field-box" maxLength={200} value={name} onChange={(e) => setName(e.target.value)} />}
        </Field>
        <div className="grid gap-4 phone:grid-cols-2">
          <Field label={pageText.presets.workflow} error={refused.workflow_id}>
            {(ids) => (
              <Select {...ids} value={workflow} onChange={(e) => setWorkflow(e.target.value)}>
                {!workflows.some((w) => w.id === workflow) && <option value={workflow}>{workflow}</option>}
                {workflows.map((w) => (
                  <option key={w.id} value={w.id}>
                    {w.name}
                  </option>
                ))}
              </Select>
            )}
          </Field>
          <Field label={pageText.presets.character} error={refused.character_id}>
            {(ids) => (
              <Select {...ids} value={character} onChange={(e) => setCharacter(e.target.value)}>
                <option value="">{t.generate.noCharacter}</option>
                {character && !characters.some((c) => c.id === character) && <option>{character}</option>}
                {characters.map((c) => (
                  <option key={c.id} value={c.id}>
                    {c.name ?? c.id}
                  </option>
                ))}
              </Select>
            )}
          </Field>
        </div>
        <Field label={pageText.presets.prompt} error={refused.prompt}>
          {(ids) => <TextArea {...ids} minRows={3} maxRows={10} value={prompt} onChange={(e) => setPrompt(e.target.value)} />}
        </Field>
        <Field label={pageText.presets.negative} error={refused.negative}>
          {(ids) => <TextArea {...ids} minRows={1} maxRows={6} value={negative} onChange={(e) => setNegative(e.target.value)} />}
        </Field>
        <NamedValues
          label={pageText.presets.settings}
          lines={lines}
          onChange={(next) => {
            setLines(next);
            setFailure(undefined);
          }}
          known={known}
          problems={refused}
        />
        <button type="submit" hidden aria-hidden tabIndex={-1} />
      </form>
    </Dialog>
  );
}
