import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Pencil, Plus, UserRound } from "lucide-react";
import { useState } from "react";
import { api, ask, upload } from "@/api/client";
import { problemOf } from "@/api/problem";
import type { Character } from "@/api/types";
import { t } from "@/text";
import { Badge } from "@/ui/badge";
import { Button, buttonLook, IconButton } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Empty, Failed } from "@/ui/empty";
import { Field } from "@/ui/field";
import { TextArea } from "@/ui/text-area";
import { toast } from "@/ui/toast";
import { changed, workflowQueries } from "./data";

/** Characters shows who comes out the same each time, with their pictures. */
export function Characters() {
  const { data, error, refetch } = useQuery(workflowQueries.characters);
  const [editing, setEditing] = useState<Partial<Character>>();
  if (error) return <Failed error={error} onRetry={() => void refetch()} />;
  if (!data) return null;
  const list = data.characters as unknown as Character[];
  return (
    <>
      {list.length === 0 && (
        <Empty icon={<UserRound />} title={t.workflows.noCharacters} hint={t.workflows.noCharactersHint}>
          <code className="rounded-md bg-sunken px-2 py-1.5 font-mono text-sm">{t.workflows.charactersCommand}</code>
        </Empty>
      )}
      <ul className="grid gap-x-6 gap-y-6 md:grid-cols-2">
        {list.map((c) => (
          <li key={c.id} className="flex gap-4">
            <span className="grid size-28 shrink-0 place-items-center overflow-hidden rounded-lg bg-hover text-muted">
              {data.images[c.id] ? (
                <img src={data.images[c.id]} alt={c.name || c.id} loading="lazy" className="size-full object-cover" />
              ) : (
                <UserRound className="size-8 stroke-1" aria-hidden />
              )}
            </span>
            <div className="min-w-0 flex-1">
              <div className="flex items-center gap-2">
                <h2 className="min-w-0 truncate font-semibold">{c.name || c.id}</h2>
                <Badge look={data.sources[c.id] === "user" ? "accent" : "plain"}>
                  {t.workflows.sources[data.sources[c.id] ?? ""] ?? data.sources[c.id]}
                </Badge>
                {data.sources[c.id] === "user" && (
                  <IconButton
                    label={t.workflows.editCharacter(c.name || c.id)}
                    size="icon-sm"
                    className="ml-auto"
                    onClick={() => setEditing(c)}
                  >
                    <Pencil />
                  </IconButton>
                )}
              </div>
              <p className="line-clamp-2 break-words text-muted">{c.description}</p>
              <p className="mt-1 break-words text-sm">
                {[
                  c.lora && `${t.workflows.characterLora} ${c.lora}${c.lora_strength ? ` × ${c.lora_strength}` : ""}`,
                  c.prompt && `${t.workflows.characterPrompt} “${c.prompt}”`,
                  c.defaults &&
                    Object.entries(c.defaults)
                      .map(([k, v]) => `${k} ${v}`)
                      .join(", "),
                ]
                  .filter(Boolean)
                  .join(" · ")}
              </p>
              <Link to="/results" search={{ character: c.id }} className={buttonLook({ look: "quiet", size: "sm" }, "mt-1 -ml-2")}>
                {t.workflows.useCharacter}
              </Link>
            </div>
          </li>
        ))}
      </ul>
      <Button className="mt-6" onClick={() => setEditing({})}>
        <Plus aria-hidden />
        {t.workflows.addCharacter}
      </Button>
      {editing && (
        <CharacterDialog entry={editing} image={editing.id ? data.images[editing.id] : undefined} onClose={() => setEditing(undefined)} />
      )}
    </>
  );
}

const texts = ["name", "description", "lora", "trigger", "prompt", "negative"] as const;

function CharacterDialog({ entry, image, onClose }: { entry: Partial<Character>; image: string | undefined; onClose: () => void }) {
  const isNew = !entry.id;
  const [id, setId] = useState(entry.id ?? "");
  const [fields, setFields] = useState<Partial<Record<(typeof texts)[number], string>>>(
    Object.fromEntries(texts.map((k) => [k, entry[k] ?? ""])),
  );
  const [strength, setStrength] = useState(entry.lora_strength === undefined ? "" : String(entry.lora_strength));
  const [picture, setPicture] = useState<{ id: string; shown: string }>();
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [busy, setBusy] = useState(false);
  const act = async (run: () => Promise<unknown>, done: string) => {
    setBusy(true);
    setErrors({});
    try {
      await run();
      await changed();
      toast.done(done);
      onClose();
    } catch (error) {
      const problem = problemOf(error);
      if (problem.fields.length > 0) setErrors(Object.fromEntries(problem.fields.map((f) => [f.field, f.message])));
      else toast.failed(error);
    } finally {
      setBusy(false);
    }
  };
  const save = () =>
    act(() => {
      // What this form does not show, such as defaults, stays as it is.
      const body: Record<string, unknown> = { ...entry, id };
      for (const k of texts) body[k] = fields[k]?.trim() || null;
      body.lora_strength = strength.trim() === "" ? null : Number(strength);
      if (picture) body.reference_image = picture.id;
      return ask(api.PUT("/api/v1/characters/{id}", { params: { path: { id } }, body: body as never }));
    }, t.workflows.saved);
  const labels = {
    name: t.workflows.name,
    description: t.workflows.description,
    lora: t.workflows.characterLora,
    trigger: t.workflows.characterTrigger,
    prompt: t.workflows.characterPrompt,
    negative: t.workflows.characterNegative,
  };
  const shown = picture?.shown ?? image;
  return (
    <Dialog
      open
      onOpenChange={(o) => !o && onClose()}
      title={isNew ? t.workflows.addCharacter : t.workflows.editCharacter(entry.name || id)}
      footer={
        <>
          {!isNew && (
            <Button
              look="danger"
              className="mr-auto"
              disabled={busy}
              onClick={() =>
                void act(() => ask(api.DELETE("/api/v1/characters/{id}", { params: { path: { id } } })), t.workflows.removed(id))
              }
            >
              {t.workflows.remove}
            </Button>
          )}
          <Button onClick={onClose}>{t.app.cancel}</Button>
          <Button look="primary" busy={busy} disabled={!id.trim()} onClick={() => void save()}>
            {t.workflows.save}
          </Button>
        </>
      }
    >
      <div className="grid gap-3">
        {isNew && (
          <Field label={t.workflows.characterId} hint={t.workflows.characterIdHint} error={errors.id}>
            {(ids) => <input {...ids} className="field-box font-mono" value={id} onChange={(e) => setId(e.target.value)} />}
          </Field>
        )}
        {texts.map((k) => (
          <Field key={k} label={labels[k]} error={errors[k]} hint={k === "prompt" ? t.workflows.promptTemplate : undefined}>
            {(ids) =>
              k === "prompt" || k === "negative" || k === "description" ? (
                <TextArea {...ids} minRows={1} value={fields[k] ?? ""} onChange={(e) => setFields({ ...fields, [k]: e.target.value })} />
              ) : (
                <input
                  {...ids}
                  className="field-box"
                  value={fields[k] ?? ""}
                  onChange={(e) => setFields({ ...fields, [k]: e.target.value })}
                />
              )
            }
          </Field>
        ))}
        <Field label={t.workflows.strength} error={errors.lora_strength}>
          {(ids) => (
            <input {...ids} inputMode="decimal" className="field-box w-32" value={strength} onChange={(e) => setStrength(e.target.value)} />
          )}
        </Field>
        <Field label={t.workflows.picture} error={errors.reference_image}>
          {(ids) => (
            <div className="flex items-center gap-3">
              {shown && <img src={shown} alt="" className="size-16 rounded-md object-cover" />}
              <input
                {...ids}
                type="file"
                accept="image/*"
                onChange={(e) => {
                  const file = e.target.files?.[0];
                  if (!file) return;
                  upload(file, file.name).then(
                    (f) => setPicture({ id: f.id, shown: URL.createObjectURL(file) }),
                    (error) => toast.failed(error),
                  );
                }}
              />
            </div>
          )}
        </Field>
      </div>
    </Dialog>
  );
}
