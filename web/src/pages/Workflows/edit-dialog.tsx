import { useState } from "react";
import { api, ask } from "@/api/client";
import { problemOf } from "@/api/problem";
import { t } from "@/text";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field } from "@/ui/field";
import { Select } from "@/ui/select";
import { TextArea } from "@/ui/text-area";
import { toast } from "@/ui/toast";
import { changed } from "./data";
import { type Entry, isNumber, type Key, keys, patchOf, written } from "./edit";

/** EditDialog changes labels, ranges and defaults of a workflow of the user's. */
export function EditDialog({ id, entry, onClose }: { id: string; entry: Entry; onClose: () => void }) {
  const [fields, setFields] = useState({ name: entry.name ?? "", description: entry.description ?? "", category: entry.category ?? "" });
  const [texts, setTexts] = useState<Record<string, Partial<Record<Key, string>>>>({});
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [busy, setBusy] = useState(false);
  const params = Object.entries(entry.configurable_params ?? {});
  const save = async () => {
    const { body, errors: wrong } = patchOf(entry, fields, texts, { notNumber: t.workflows.notNumber, tooLarge: t.workflows.tooLarge });
    setErrors(wrong);
    if (Object.keys(wrong).length > 0) return;
    if (Object.keys(body).length === 0) return onClose();
    setBusy(true);
    try {
      await ask(api.PATCH("/api/v1/workflows/{id}", { params: { path: { id } }, body }));
      await changed();
      toast.done(t.workflows.saved);
      onClose();
    } catch (error) {
      const problem = problemOf(error);
      if (problem.fields.length > 0) setErrors(Object.fromEntries(problem.fields.map((f) => [f.field, f.message])));
      else toast.failed(error);
    } finally {
      setBusy(false);
    }
  };
  // An error without a field of its own is said at its parameter.
  const errorOf = (name: string) =>
    Object.entries(errors).find(([field]) => field === `params.${name}` || field.startsWith(`params.${name}.`))?.[1];
  const names: Record<Key, string> = {
    label: t.workflows.label,
    default: t.workflows.default,
    min: t.workflows.min,
    max: t.workflows.max,
    step: t.workflows.step,
  };
  return (
    <Dialog
      open
      onOpenChange={(o) => !o && onClose()}
      title={t.workflows.editing(entry.name ?? id)}
      className="phone:top-[6vh] phone:max-h-[88vh] phone:w-[min(56rem,calc(100vw-2rem))]"
      footer={
        <>
          <Button onClick={onClose}>{t.app.cancel}</Button>
          <Button look="primary" busy={busy} onClick={() => void save()}>
            {t.workflows.save}
          </Button>
        </>
      }
    >
      <div className="grid gap-4">
        <div className="grid gap-3 phone:grid-cols-[1fr_10rem]">
          <Field label={t.workflows.name} error={errors.name}>
            {(ids) => (
              <input {...ids} className="field-box" value={fields.name} onChange={(e) => setFields({ ...fields, name: e.target.value })} />
            )}
          </Field>
          <Field label={t.workflows.category}>
            {(ids) => (
              <Select {...ids} value={fields.category} onChange={(e) => setFields({ ...fields, category: e.target.value })}>
                {Object.entries(t.workflows.categories).map(([value, name]) => (
                  <option key={value} value={value}>
                    {name}
                  </option>
                ))}
              </Select>
            )}
          </Field>
        </div>
        <Field label={t.workflows.description} error={errors.description}>
          {(ids) => (
            <TextArea
              {...ids}
              minRows={1}
              value={fields.description}
              onChange={(e) => setFields({ ...fields, description: e.target.value })}
            />
          )}
        </Field>
        {params.map(([name, p]) => (
          <fieldset key={name} className="grid gap-1 border-line border-t pt-3">
            <legend className="float-left font-medium">
              {name} <span className="font-normal text-muted text-sm">{p.type}</span>
            </legend>
            <div className="clear-both grid grid-cols-2 gap-2 phone:grid-cols-[2fr_2fr_1fr_1fr_1fr]">
              {keys
                .filter((key) => key === "label" || key === "default" || isNumber(p.type))
                .map((key) => (
                  <label key={key} className="grid min-w-0 gap-0.5">
                    <span className="text-muted text-sm">{names[key]}</span>
                    <input
                      aria-label={t.workflows.of(names[key], name)}
                      aria-invalid={errors[`params.${name}.${key}`] ? true : undefined}
                      className="field-box"
                      value={texts[name]?.[key] ?? written(p[key])}
                      onChange={(e) => {
                        setTexts({ ...texts, [name]: { ...texts[name], [key]: e.target.value } });
                        if (errorOf(name)) setErrors({});
                      }}
                    />
                  </label>
                ))}
            </div>
            {errorOf(name) && (
              <p role="alert" className="text-bad text-sm">
                {errorOf(name)}
              </p>
            )}
          </fieldset>
        ))}
      </div>
    </Dialog>
  );
}
