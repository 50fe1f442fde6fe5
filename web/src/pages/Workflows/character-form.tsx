import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { ImagePlus, Sparkles, Trash2, UserRound } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { api, ask, upload } from "@/api/client";
import { type Problem, problemOf } from "@/api/problem";
import { queries, queryClient } from "@/api/queries";
import { session } from "@/api/session";
import type { Character } from "@/api/types";
import { usePictureUrl } from "@/components/ParameterControls/picture-blob";
import { filesOf, takeFile } from "@/components/ParameterControls/take-file";
import { useFieldDrop } from "@/components/ParameterControls/use-field-drop";
import type { Picture } from "@/components/ParameterControls/values";
import { draft } from "@/pages/Generate/draft";
import { t } from "@/text";
import { workflows as pageText } from "@/text/en/workflows";
import { Button, IconButton } from "@/ui/button";
import { Combobox } from "@/ui/combobox";
import { cx } from "@/ui/cx";
import { Dialog } from "@/ui/dialog";
import { Field } from "@/ui/field";
import { Progress } from "@/ui/progress";
import { TextArea } from "@/ui/text-area";
import { toast } from "@/ui/toast";
import { AskRemove } from "./ask";
import { asNumber, exact, showValue, writeExact } from "./exact";
import { idForm, idFrom } from "./id";
import { linesOf, NamedValues, twice, valuesOf } from "./named-values";

interface Props {
  character: Partial<Character>;
  isNew: boolean;
  source: string;
  image: string | undefined; // address of the picture that it has
  taken: string[]; // ids that are there
  onClose: () => void;
}

const words = ["name", "description", "trigger", "prompt", "negative", "lora"] as const;
type Words = Record<(typeof words)[number] | "id" | "strength", string>;

/** CharacterForm adds, changes and removes a character. One that comes with easel is copied when it is saved. */
export function CharacterForm({ character, isNew, source, image, taken, onClose }: Props) {
  const navigate = useNavigate();
  const [v, setV] = useState<Words>(() => ({
    id: character.id ?? "",
    strength: showValue(character.lora_strength),
    ...(Object.fromEntries(words.map((w) => [w, character[w] ?? ""])) as Record<(typeof words)[number], string>),
  }));
  const [defaults, setDefaults] = useState(() => linesOf(character.defaults));
  const [picture, setPicture] = useState<Picture | "kept" | undefined>(image ? "kept" : undefined);
  const [failure, setFailure] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const [removing, setRemoving] = useState(false);
  const backend = useQuery(queries.backends).data?.[0]?.name ?? "";
  const loras = useQuery(queries.models(backend, "loras")).data ?? [];
  const known = useParameterNames();
  const own = source === "user";
  const set = (more: Partial<Words>) => {
    setV((now) => ({ ...now, ...more }));
    setFailure(undefined);
  };
  const id = isNew && v.id === "" ? idFrom(v.name) : v.id;
  const strength = v.strength.trim() === "" ? undefined : asNumber(v.strength);
  const wrong: Record<string, string | undefined> = {
    id: !isNew || id === "" ? undefined : !idForm.test(id) ? pageText.idForm : taken.includes(id) ? pageText.presets.nameTaken : undefined,
    strength: v.strength.trim() !== "" && strength === undefined ? pageText.characters.strengthForm : undefined,
  };
  const refused = Object.fromEntries((failure?.fields ?? []).map((f) => [f.field, f.message]));
  const atDefaults = Object.fromEntries(
    Object.entries(refused).flatMap(([f, m]) => (f.startsWith("defaults.") ? [[f.slice("defaults.".length), m]] : [])),
  );
  const elsewhere = failure && Object.keys(refused).length === 0;

  const save = async () => {
    if (id === "" || wrong.id || wrong.strength || twice(defaults)) return;
    setBusy(true);
    setFailure(undefined);
    try {
      const entry: Record<string, unknown> = { ...character, id };
      for (const w of words) entry[w] = v[w].trim() === "" ? null : v[w];
      entry.lora_strength = strength === undefined || v.lora.trim() === "" ? null : exact(strength); // none without a LoRA
      const values = valuesOf(defaults);
      entry.defaults = Object.keys(values).length > 0 ? values : null;
      entry.reference_image = await reference(picture, own ? character.reference_image : undefined, image);
      await ask(api.PUT("/api/v1/characters/{id}", { params: { path: { id } }, body: entry as never, bodySerializer: writeExact }));
      await queryClient.invalidateQueries({ queryKey: ["characters"] });
      toast.done(pageText.characters.saved(v.name || id));
      onClose();
    } catch (error) {
      setFailure(problemOf(error));
    } finally {
      setBusy(false);
    }
  };
  const remove = async () => {
    await ask(api.DELETE("/api/v1/characters/{id}", { params: { path: { id: v.id } } }));
    await queryClient.invalidateQueries({ queryKey: ["characters"] });
    toast.done(pageText.removed(v.name || v.id));
    onClose();
  };
  const use = () => {
    draft.setFixed("character", v.id);
    void navigate({ to: "/generate" });
  };
  const text = (w: keyof Words, label: string, hint?: string, error?: string) => (
    <Field label={label} hint={hint} error={error ?? refused[w]}>
      {(ids) => (
        <input
          {...ids}
          data-autofocus={w === "name" || undefined}
          className="field-box"
          autoComplete="off"
          value={v[w]}
          onChange={(e) => set({ [w]: e.target.value })}
        />
      )}
    </Field>
  );
  return (
    <Dialog
      open
      onOpenChange={(o) => !o && onClose()}
      title={isNew ? pageText.characters.add : pageText.characters.edit(character.name ?? v.id)}
      className="phone:top-[5vh] phone:max-h-[90vh] phone:w-[46rem] phone:max-w-[94vw]"
      footer={
        <>
          {!isNew && own && (
            <Button look="danger" className="mr-auto" onClick={() => setRemoving(true)}>
              <Trash2 />
              {pageText.remove}
            </Button>
          )}
          {elsewhere && (
            <p role="alert" className="min-w-0 flex-1 self-center text-bad text-sm">
              {failure.message} {failure.hint && <span className="text-muted">{failure.hint}</span>}
            </p>
          )}
          {!isNew && (
            <Button onClick={use}>
              <Sparkles />
              <span className="max-phone:sr-only">{pageText.characters.use}</span>
            </Button>
          )}
          {isNew && <Button onClick={onClose}>{t.app.cancel}</Button>}
          <Button look="primary" busy={busy} disabled={id === "" || Object.values(wrong).some(Boolean)} onClick={() => void save()}>
            {pageText.save}
          </Button>
        </>
      }
    >
      {!isNew && !own && <p className="mb-3 rounded-md bg-sunken px-3 py-2 text-muted">{pageText.characters.copyHint}</p>}
      <form
        className="grid gap-x-5 gap-y-4 phone:grid-cols-[11rem_1fr]"
        onSubmit={(e) => {
          e.preventDefault();
          void save();
        }}
      >
        <Portrait picture={picture} kept={image} onChange={setPicture} problem={refused.reference_image} />
        <div className="grid content-start gap-3">
          <div className="grid gap-3 phone:grid-cols-2">
            {text("name", pageText.characters.name)}
            {isNew ? (
              <Field label={pageText.characters.id} error={wrong.id ?? refused.id}>
                {(ids) => (
                  <input
                    {...ids}
                    className="field-box font-mono"
                    spellCheck={false}
                    autoComplete="off"
                    value={id}
                    onChange={(e) => set({ id: e.target.value })}
                  />
                )}
              </Field>
            ) : (
              text("trigger", pageText.characters.trigger, pageText.characters.triggerHint)
            )}
          </div>
          {text("description", pageText.description)}
          {isNew && text("trigger", pageText.characters.trigger, pageText.characters.triggerHint)}
          <Field label={pageText.characters.prompt} hint={pageText.characters.promptHint} error={refused.prompt}>
            {(ids) => <TextArea {...ids} minRows={2} maxRows={8} value={v.prompt} onChange={(e) => set({ prompt: e.target.value })} />}
          </Field>
          <Field label={pageText.characters.negative} error={refused.negative}>
            {(ids) => <TextArea {...ids} minRows={1} maxRows={6} value={v.negative} onChange={(e) => set({ negative: e.target.value })} />}
          </Field>
          <div className="grid grid-cols-[1fr_6rem] gap-3">
            <Field label={pageText.characters.lora} error={refused.lora}>
              {(ids) => (
                <Combobox
                  {...ids}
                  value={v.lora}
                  onChange={(lora) => set({ lora: lora === pageText.characters.loraNone ? "" : lora })}
                  options={[pageText.characters.loraNone, ...loras]}
                  label={pageText.characters.lora}
                  placeholder={pageText.characters.loraNone}
                  search={t.generate.searchModels}
                  nothing={t.generate.noModels}
                  free={t.generate.useTyped}
                />
              )}
            </Field>
            <Field label={pageText.characters.strength} error={wrong.strength ?? refused.lora_strength}>
              {(ids) => (
                <input
                  {...ids}
                  disabled={v.lora === ""}
                  inputMode="decimal"
                  className="field-box text-right disabled:opacity-50"
                  value={v.strength}
                  onChange={(e) => set({ strength: e.target.value })}
                />
              )}
            </Field>
          </div>
          <NamedValues
            label={pageText.characters.defaults}
            hint={pageText.characters.defaultsHint}
            lines={defaults}
            onChange={(lines) => {
              setDefaults(lines);
              setFailure(undefined);
            }}
            known={known}
            problems={atDefaults}
          />
        </div>
        <button type="submit" hidden aria-hidden tabIndex={-1} />
      </form>
      <AskRemove
        open={removing}
        onClose={() => setRemoving(false)}
        title={pageText.removeAsk(v.name || v.id)}
        text={pageText.characters.removeText}
        onRemove={remove}
      />
    </Dialog>
  );
}

// reference is what a request names as the picture: the file that was put in, the path that the user's entry had, or a
// copy of the picture of one that comes with easel.
async function reference(
  picture: Picture | "kept" | undefined,
  path: string | undefined,
  image: string | undefined,
): Promise<string | null> {
  if (picture === undefined) return null;
  if (picture !== "kept") return picture.ref;
  if (path) return path;
  if (!image) return null;
  const answer = await fetch(image, { headers: session.headers() });
  if (!answer.ok) return null;
  return (await upload(await answer.blob(), "reference.png")).id;
}

/** useParameterNames are the names that workflows give their parameters, for defaults. */
export function useParameterNames(): string[] {
  const list = useQuery(queries.workflows).data ?? [];
  const names = list.flatMap((w) => Object.keys((w as { configurable_params?: object }).configurable_params ?? {}));
  return [...new Set(names)].sort();
}

interface PortraitProps {
  picture: Picture | "kept" | undefined;
  kept: string | undefined;
  onChange: (picture: Picture | undefined) => void;
  problem: string | undefined;
}

/** Portrait takes the picture of a character: dropped, pasted or chosen. */
function Portrait({ picture, kept, onChange, problem }: PortraitProps) {
  const [busy, setBusy] = useState<number>();
  const chooser = useRef<HTMLInputElement>(null);
  const take = async (file: File | undefined) => {
    if (!file) return;
    setBusy(0);
    try {
      onChange(await takeFile("image", file, setBusy));
    } catch (error) {
      toast.failed(error);
    } finally {
      setBusy(undefined);
    }
  };
  const { over, handlers } = useFieldDrop(onChange, ([file]) => void take(file));
  const latest = useRef(take);
  latest.current = take;
  useEffect(() => {
    const onPaste = (e: ClipboardEvent) => {
      const [file] = filesOf(e.clipboardData);
      if (!file) return; // text goes into the field
      e.preventDefault();
      void latest.current(file);
    };
    addEventListener("paste", onPaste);
    return () => removeEventListener("paste", onPaste);
  }, []);
  const label = picture ? pageText.characters.replacePicture : pageText.characters.choosePicture;
  return (
    <fieldset aria-label={pageText.characters.picture} className="grid min-w-0 content-start gap-2 max-phone:max-w-44" {...handlers}>
      <div
        className={cx(
          "relative grid aspect-[4/5] place-items-center overflow-hidden rounded-lg bg-hover text-muted",
          over && "bg-tint ring-2 ring-accent",
          !picture && "border border-edge border-dashed bg-transparent",
          problem && "border-bad",
        )}
      >
        {picture === "kept" ? (
          <img src={kept} alt="" className="size-full object-cover" />
        ) : picture ? (
          <Uploaded picture={picture} />
        ) : (
          <span className="grid justify-items-center gap-2 p-3 text-center text-sm">
            <UserRound className="size-8 stroke-1" aria-hidden />
            {pageText.characters.pictureHint}
          </span>
        )}
        {busy !== undefined && <Progress value={busy} label={t.generate.uploading} className="absolute inset-x-3 bottom-3" />}
      </div>
      <div className="flex gap-1">
        <Button size="sm" className="min-w-0 flex-1" onClick={() => chooser.current?.click()}>
          <ImagePlus />
          {label}
        </Button>
        {picture && (
          <IconButton size="icon-sm" label={pageText.characters.removePicture} onClick={() => onChange(undefined)}>
            <Trash2 />
          </IconButton>
        )}
      </div>
      {problem && <p className="text-bad text-sm">{problem}</p>}
      <input
        ref={chooser}
        type="file"
        accept="image/*"
        hidden
        aria-hidden
        onChange={(e) => {
          void take(e.target.files?.[0]);
          e.target.value = "";
        }}
      />
    </fieldset>
  );
}

function Uploaded({ picture }: { picture: Picture }) {
  const { url } = usePictureUrl(picture);
  return url ? <img src={url} alt={picture.name} className="size-full object-cover" /> : null;
}
