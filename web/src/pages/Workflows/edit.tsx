import { useQuery } from "@tanstack/react-query";
import { ChevronRight } from "lucide-react";
import { memo, useId, useState } from "react";
import { api, ask } from "@/api/client";
import { Problem, problemOf } from "@/api/problem";
import { queryClient } from "@/api/queries";
import type { Workflow } from "@/api/types";
import { t } from "@/text";
import { workflows as pageText } from "@/text/en/workflows";
import { Button } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Dialog } from "@/ui/dialog";
import { Failed } from "@/ui/empty";
import { Field } from "@/ui/field";
import { Select } from "@/ui/select";
import { Switch } from "@/ui/switch";
import { TextArea } from "@/ui/text-area";
import { toast } from "@/ui/toast";
import { writeExact } from "./exact";
import { typeOf } from "./parameters";
import {
  type Changes,
  type Entry,
  type Fields,
  fieldsOf,
  fieldText,
  flagFields,
  isChanged,
  type Param,
  patchOf,
  problemsOf,
  type TextField,
} from "./patch";

/** Edit changes labels, ranges and defaults of a workflow of the user's. What was typed stays until it is saved or thrown away. */
export function Edit({ workflow, onClose }: { workflow: Workflow; onClose: () => void }) {
  const { id } = workflow;
  const read = useQuery({
    queryKey: ["workflows", id, "entry"],
    queryFn: async ({ signal }) => {
      const answer = await api.GET("/api/v1/workflows/{id}", { params: { path: { id } }, signal, cache: "no-store" });
      return { entry: (await ask(Promise.resolve(answer))) as unknown as Entry, tag: answer.response.headers.get("ETag") ?? undefined };
    },
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  const entry = read.data?.entry;
  const [changes, setChanges] = useState<Changes>({ params: {} });
  const [refused, setRefused] = useState<Record<string, string>>({});
  const [failure, setFailure] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const [leaving, setLeaving] = useState(false);
  const dirty = entry !== undefined && isChanged(entry, changes);
  const problems = entry ? { ...refused, ...patchOf(entry, changes).problems } : {};

  const set = (more: Partial<Changes>) => {
    setChanges((c) => ({ ...c, ...more }));
    setRefused({});
  };
  const setField = (name: string, fields: Fields) => {
    setChanges((c) => ({ ...c, params: { ...c.params, [name]: { ...c.params[name], ...fields } } }));
    setRefused((r) => Object.fromEntries(Object.entries(r).filter(([at]) => !at.startsWith(`${name}.`))));
  };
  const save = async () => {
    if (!entry) return;
    const { patch, problems: wrong } = patchOf(entry, changes);
    if (Object.keys(wrong).length > 0) return;
    if (Object.keys(patch).length === 0) return onClose();
    setBusy(true);
    setFailure(undefined);
    try {
      await ask(
        api.PATCH("/api/v1/workflows/{id}", {
          params: { path: { id }, header: { "If-Match": read.data?.tag } },
          body: patch as never,
          bodySerializer: writeExact,
        }),
      );
      await queryClient.invalidateQueries({ queryKey: ["workflows"] });
      toast.done(pageText.saved);
      onClose();
    } catch (error) {
      const p = problemOf(error);
      const { at, rest } = problemsOf(p.fields, entry);
      setRefused(at);
      if (p.status === 412) setFailure(new Problem({ status: 412, detail: pageText.changedElsewhere }));
      else if (Object.keys(at).length === 0 || rest.length > 0) setFailure(rest.length > 0 ? new Problem({ detail: rest.join("; ") }) : p);
    } finally {
      setBusy(false);
    }
  };
  const close = () => (dirty ? setLeaving(true) : onClose());

  return (
    <Dialog
      open
      onOpenChange={(o) => !o && close()}
      title={pageText.editTitle(workflow.name)}
      className="phone:top-[5vh] phone:max-h-[90vh] phone:w-[44rem] phone:max-w-[94vw]"
      footer={
        leaving ? (
          <>
            <p className="flex-1 self-center">{pageText.unsaved}</p>
            <Button look="danger" onClick={onClose}>
              {pageText.discard}
            </Button>
            <Button onClick={() => setLeaving(false)}>{pageText.keepEditing}</Button>
          </>
        ) : (
          <>
            {failure && (
              <div role="alert" className="min-w-0 flex-1 self-center text-bad text-sm">
                {failure.message}
                {failure.hint && <span className="text-muted"> {failure.hint}</span>}
              </div>
            )}
            {failure?.status === 412 && (
              <Button
                onClick={() => {
                  setFailure(undefined);
                  void read.refetch();
                }}
              >
                {pageText.readAgain}
              </Button>
            )}
            <Button onClick={close}>{t.app.cancel}</Button>
            <Button
              look="primary"
              busy={busy}
              disabled={!dirty || Object.keys(problems).some((at) => !refused[at])}
              onClick={() => void save()}
            >
              {pageText.save}
            </Button>
          </>
        )
      }
    >
      {read.error && !entry && <Failed error={read.error} onRetry={() => void read.refetch()} />}
      {entry && (
        <form
          className="grid gap-4 pt-1"
          onSubmit={(e) => {
            e.preventDefault();
            void save();
          }}
        >
          <div className="grid gap-3 phone:grid-cols-[1fr_12rem]">
            <Field label={pageText.name} error={problems[".name"]}>
              {(ids) => (
                <input
                  {...ids}
                  className="field-box"
                  maxLength={200}
                  value={changes.name ?? entry.name}
                  onChange={(e) => set({ name: e.target.value })}
                />
              )}
            </Field>
            <Field label={pageText.category} error={problems[".category"]}>
              {(ids) => (
                <Select {...ids} value={changes.category ?? entry.category} onChange={(e) => set({ category: e.target.value })}>
                  {Object.entries(t.generate.categories).map(([value, label]) => (
                    <option key={value} value={value}>
                      {label}
                    </option>
                  ))}
                </Select>
              )}
            </Field>
          </div>
          <Field label={pageText.description} error={problems[".description"]}>
            {(ids) => (
              <TextArea
                {...ids}
                maxLength={4000}
                minRows={1}
                value={changes.description ?? entry.description}
                onChange={(e) => set({ description: e.target.value })}
              />
            )}
          </Field>
          <ul className="divide-y divide-line border-line border-y">
            {Object.entries(entry.configurable_params).map(([name, param]) => (
              <Parameter
                key={name}
                name={name}
                param={param}
                changed={changes.params[name]}
                problems={Object.fromEntries(
                  Object.entries(problems).flatMap(([at, words]) =>
                    at.startsWith(`${name}.`) ? [[at.slice(name.length + 1), words]] : [],
                  ),
                )}
                onChange={setField}
              />
            ))}
          </ul>
          <button type="submit" hidden aria-hidden tabIndex={-1} />
        </form>
      )}
    </Dialog>
  );
}

interface ParameterProps {
  name: string;
  param: Param;
  changed: Fields | undefined;
  problems: Record<string, string>; // by field; "" for the whole
  onChange: (name: string, fields: Fields) => void;
}

const Parameter = memo(function Parameter({ name, param, changed, problems, onChange }: ParameterProps) {
  const id = useId();
  const [opened, setOpen] = useState(false);
  const wrong = Object.keys(problems).length > 0;
  const open = opened || wrong;
  const fields = fieldsOf(param);
  const value = (f: TextField) => fieldText(param, f, changed);
  const differs =
    changed &&
    (fields.some((f) => value(f) !== fieldText(param, f, undefined)) ||
      flagFields.some((f) => (changed[f] ?? param[f] === true) !== (param[f] === true)));
  const summary = [typeOf(param), value("min") && value("max") ? pageText.range(value("min"), value("max")) : "", value("default")]
    .filter(Boolean)
    .join(" · ");
  const names: Record<TextField, string> = {
    label: pageText.label,
    description: pageText.hint,
    default: pageText.default,
    min: pageText.min,
    max: pageText.max,
    step: pageText.step,
    unit: pageText.unit,
    group: pageText.group,
    choices: pageText.choices,
    pattern: pageText.pattern,
    max_length: pageText.maxLength,
  };
  const isNumber = (f: TextField) =>
    ["min", "max", "step", "max_length"].includes(f) || (f === "default" && ["int", "float", "seed"].includes(param.type));
  const isText = param.type === "text" || param.type === "string";
  return (
    <li>
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        className="flex min-h-10 w-full items-center gap-2 rounded-md py-1.5 text-left hover:bg-hover"
      >
        <ChevronRight className={cx("size-4 shrink-0 text-muted transition-transform", open && "rotate-90")} aria-hidden />
        <span className="shrink-0 font-medium">{value("label") || name}</span>
        {differs && <span className="text-accent text-sm">{pageText.changed}</span>}
        <span className="min-w-0 flex-1 truncate pr-2 text-right text-muted text-sm">{summary}</span>
      </button>
      {open && (
        <div className="grid grid-cols-2 gap-x-3 gap-y-3 pt-1 pb-4 pl-6 phone:grid-cols-4">
          {fields.map((f) => (
            <Field
              key={f}
              label={names[f]}
              error={problems[f]}
              className={cx(
                (["description", "choices"].includes(f) || (f === "default" && isText)) && "col-span-2 phone:col-span-4",
                f === "pattern" && "col-span-2 phone:col-span-3",
                (f === "label" || (f === "default" && !isNumber(f) && !isText)) && "col-span-2",
                f === "group" && !fields.includes("unit") && "col-span-2",
              )}
            >
              {(ids) =>
                f === "default" && param.type === "bool" ? (
                  <Select {...ids} value={value(f)} onChange={(e) => onChange(name, { default: e.target.value })}>
                    <option value="true">true</option>
                    <option value="false">false</option>
                  </Select>
                ) : f === "choices" || (f === "default" && param.type === "text") ? (
                  <TextArea
                    {...ids}
                    minRows={1}
                    maxRows={f === "choices" ? 10 : 4}
                    value={value(f)}
                    onChange={(e) => onChange(name, { [f]: e.target.value })}
                  />
                ) : (
                  <input
                    {...ids}
                    inputMode={isNumber(f) ? "decimal" : undefined}
                    autoComplete="off"
                    className="field-box"
                    value={value(f)}
                    onChange={(e) => onChange(name, { [f]: e.target.value })}
                  />
                )
              }
            </Field>
          ))}
          <div className="col-span-2 flex flex-wrap gap-x-6 phone:col-span-4">
            {flagFields.map((f) => (
              <div key={f} className="flex min-h-8 items-center gap-2">
                <Switch
                  id={`${id}-${f}`}
                  checked={changed?.[f] ?? param[f] === true}
                  onCheckedChange={(on) => onChange(name, { [f]: on })}
                />
                <label htmlFor={`${id}-${f}`}>{f === "required" ? pageText.isRequired : pageText.advanced}</label>
              </div>
            ))}
          </div>
          {problems[""] && (
            <p role="alert" className="col-span-2 text-bad text-sm phone:col-span-4">
              {problems[""]}
            </p>
          )}
        </div>
      )}
    </li>
  );
});
