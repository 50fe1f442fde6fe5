import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { FileUp, LoaderCircle, Plus, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { api, ask, type Schemas } from "@/api/client";
import { inWords } from "@/api/hint";
import { problemOf } from "@/api/problem";
import { queries, queryClient } from "@/api/queries";
import { t } from "@/text";
import { workflows as pageText } from "@/text/en/workflows";
import { Button, IconButton } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Dialog } from "@/ui/dialog";
import { Field } from "@/ui/field";
import { toast } from "@/ui/toast";
import { idForm } from "./id";
import { Models } from "./needs";
import { type Described, rangeOf, typeOf } from "./parameters";
import { fileOf } from "./pasted";

type Imported = Schemas["ImportedView"];

/** What was chosen about a file; what is undefined is as the file says. */
interface Choice {
  id?: string;
  name?: string;
  drop: string[];
  param: string[]; // NAME=PLACE
}
const nothing: Choice = { drop: [], param: [] };

const send = (file: File, choice: Choice, more: { dry_run?: boolean; force?: boolean }) => {
  const form = new FormData();
  form.append("file", file, file.name);
  return ask(
    api.POST("/api/v1/workflows/import", {
      params: { query: { ...more, id: choice.id || undefined, name: choice.name || undefined, drop: choice.drop, param: choice.param } },
      querySerializer: { array: { style: "form", explode: true } },
      body: form as never,
      bodySerializer: (body: unknown) => body as FormData,
    }),
  );
};

interface Props {
  open: boolean;
  file: File | undefined;
  onFile: (file: File | undefined) => void;
  onClose: () => void;
}

/** Import makes a workflow of a file: first it shows what would become of it, then writes it. */
export function Import({ open, file, onFile, onClose }: Props) {
  return (
    <Dialog
      open={open}
      onOpenChange={(o) => !o && onClose()}
      title={pageText.importTitle}
      bare
      className={cx(file && "phone:top-[5vh] phone:max-h-[90vh] phone:w-[46rem] phone:max-w-[94vw]")}
    >
      {file ? (
        <Chosen key={`${file.name} ${file.size} ${file.lastModified}`} file={file} onFile={onFile} onClose={onClose} />
      ) : (
        <>
          <Head onClose={onClose} />
          <div className="px-4 pb-4">
            <p className="pb-3 text-muted">{pageText.importText}</p>
            <Drop onFile={onFile} />
          </div>
        </>
      )}
    </Dialog>
  );
}

function Head({ onClose }: { onClose: () => void }) {
  return (
    <header className="sticky top-0 z-10 flex items-center gap-2 bg-raised py-3 pr-2 pl-4">
      <p className="flex-1 font-semibold text-lg" aria-hidden>
        {pageText.importTitle}
      </p>
      <IconButton label={t.app.close} onClick={onClose}>
        <X />
      </IconButton>
    </header>
  );
}

function Drop({ onFile, small }: { onFile: (file: File) => void; small?: boolean }) {
  const chooser = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const latest = useRef(onFile);
  latest.current = onFile;
  useEffect(() => {
    const onPaste = (e: ClipboardEvent) => {
      if (/^(INPUT|TEXTAREA)$/.test((e.target as HTMLElement | null)?.tagName ?? "")) return;
      const file = fileOf(e.clipboardData);
      if (file) latest.current(file);
      else toast.failed(new Error(pageText.importNothing));
    };
    addEventListener("paste", onPaste);
    return () => removeEventListener("paste", onPaste);
  }, []);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a file is dropped here; the button beside does the same
    <div
      className={cx(
        "flex items-center justify-center gap-1 rounded-lg border border-edge border-dashed p-2 text-muted",
        small ? "min-h-12" : "min-h-36 flex-col",
        over && "border-accent bg-tint",
      )}
      onDragOver={(e) => {
        e.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(e) => {
        e.preventDefault();
        e.stopPropagation();
        setOver(false);
        if (e.dataTransfer.files[0]) onFile(e.dataTransfer.files[0]);
      }}
    >
      {!small && <FileUp className="mb-1 size-7 stroke-[1.25]" aria-hidden />}
      {!small && <span>{pageText.importDrop}</span>}
      <Button look="quiet" className="text-accent" data-autofocus={!small || undefined} onClick={() => chooser.current?.click()}>
        {small ? pageText.importAnother : pageText.importChoose}
      </Button>
      <input
        ref={chooser}
        type="file"
        hidden
        aria-hidden
        onChange={(e) => {
          const file = e.target.files?.[0];
          e.target.value = "";
          if (file) onFile(file);
        }}
      />
    </div>
  );
}

function Chosen({ file, onFile, onClose }: { file: File; onFile: (file: File | undefined) => void; onClose: () => void }) {
  const navigate = useNavigate();
  const sources = useQuery(queries.sources).data ?? {};
  const [choice, setChoice] = useState(nothing);
  const [replace, setReplace] = useState(false);
  const [view, setView] = useState<Imported>(); // with all that was found, also what was unticked
  const looked = useMutation({
    mutationFn: (c: Choice) => send(file, { ...c, drop: [] }, { dry_run: true }),
    onSuccess: setView,
  });
  const look = looked.mutate;
  // biome-ignore lint/correctness/useExhaustiveDependencies: read once when the file is there
  useEffect(() => look(nothing), []);
  const write = useMutation({
    mutationFn: () => send(file, { ...choice, name: choice.name?.trim() }, { force: replace }),
    onSuccess: async (view) => {
      await queryClient.invalidateQueries({ queryKey: ["workflows"] });
      toast.done(pageText.imported(String((view.entry as { name?: string }).name ?? view.id)));
      onClose();
      await navigate({ to: "/workflows", search: { id: view.id } });
    },
  });
  const entry = view?.entry as { name?: string; configurable_params?: Record<string, { bind?: unknown }> } | undefined;
  const id = choice.id ?? view?.id ?? "";
  const idWrong = choice.id !== undefined && !idForm.test(choice.id);
  const covers = id ? sources[id] : undefined;
  const problem = looked.error ? problemOf(looked.error) : undefined;
  const failed = write.error ? problemOf(write.error) : undefined;

  return (
    <>
      <Head onClose={onClose} />
      <div className="px-4 pb-4">
        <p className="truncate text-muted">{file.name}</p>
        {looked.isPending && !view && (
          <p role="status" className="flex min-h-36 items-center justify-center gap-2 text-muted">
            <LoaderCircle className="size-4 animate-spin" aria-hidden />
            {pageText.reading}
          </p>
        )}
        {problem && !view && (
          <div className="grid gap-3 pt-3">
            <Told title={problem.message} look="bad">
              {problem.hint && <p className="text-muted">{problem.hint}</p>}
            </Told>
            <Drop onFile={onFile} small />
          </div>
        )}
        {view && (
          <form
            id="import"
            className="grid gap-4 pt-3"
            onSubmit={(e) => {
              e.preventDefault();
              write.mutate();
            }}
          >
            <div className="grid gap-3 phone:grid-cols-2">
              <Field label={pageText.name}>
                {(ids) => (
                  <input
                    {...ids}
                    data-autofocus
                    className="field-box"
                    maxLength={200}
                    value={choice.name ?? entry?.name ?? ""}
                    onChange={(e) => setChoice({ ...choice, name: e.target.value })}
                  />
                )}
              </Field>
              <Field
                label={pageText.id}
                hint={covers === "user" ? undefined : covers ? pageText.willCover : pageText.idHint}
                error={idWrong ? pageText.idForm : covers === "user" && !replace ? pageText.willReplaceText : undefined}
              >
                {(ids) => (
                  <input
                    {...ids}
                    className="field-box font-mono"
                    spellCheck={false}
                    autoComplete="off"
                    value={id}
                    onChange={(e) => {
                      setReplace(false);
                      setChoice({ ...choice, id: e.target.value });
                    }}
                  />
                )}
              </Field>
            </div>
            {covers === "user" && (
              <label className="flex items-center gap-2">
                <input type="checkbox" className="size-4 accent-accent" checked={replace} onChange={(e) => setReplace(e.target.checked)} />
                {pageText.replace}
              </label>
            )}
            {view.problems.length > 0 && (
              <Told title={pageText.importProblems} look="bad">
                {view.problems.map((p) => (
                  <p key={p.message}>
                    {inWords(p.message)}
                    {p.hint && <span className="text-muted"> {inWords(p.hint)}</span>}
                  </p>
                ))}
              </Told>
            )}
            {view.missing_nodes.length > 0 && (
              <Told title={pageText.importMissing(view.backend ?? pageText.theBackend)} look="warn">
                <ul>
                  {view.missing_nodes.map((n) => (
                    <li key={n.node} className="break-words">
                      {n.class}
                      <span className="text-muted">
                        {n.title && n.title !== n.class ? ` “${n.title}”` : ""}
                        {n.pack ? ` ${pageText.pack(n.pack)}` : ""}
                        {n.unsure ? ` (${pageText.unsure})` : ""}
                      </span>
                    </li>
                  ))}
                </ul>
              </Told>
            )}
            {view.notes.length > 0 && (
              <Told title={pageText.importNotes} look="warn">
                {view.notes.map((n) => (
                  <p key={n} className="break-words">
                    {n}
                  </p>
                ))}
              </Told>
            )}
            <Kept
              view={view}
              inputs={view.inputs as unknown as Described[]}
              drop={choice.drop}
              onDrop={(drop) => setChoice({ ...choice, drop })}
              param={choice.param}
              onParam={(param) => {
                setChoice({ ...choice, param });
                look({ ...choice, param });
              }}
              problem={problem?.message}
            />
            {view.models.length > 0 && (
              <section aria-label={pageText.modelsNeeded}>
                <h3 className="font-medium">{pageText.modelsNeeded}</h3>
                <Models models={view.models} stateOf={(m) => [{ state: m.state }]} />
              </section>
            )}
          </form>
        )}
      </div>
      {view && (
        <footer className="sticky bottom-0 flex items-center justify-end gap-2 border-line border-t bg-raised px-4 py-3">
          {failed && (
            <p role="alert" className="min-w-0 flex-1 text-bad text-sm">
              {failed.message}
              {failed.hint && <span className="text-muted"> {failed.hint}</span>}
            </p>
          )}
          <Button onClick={() => onFile(undefined)}>{pageText.importAnother}</Button>
          <Button type="submit" form="import" look="primary" busy={write.isPending} disabled={idWrong || (covers === "user" && !replace)}>
            {pageText.importSave}
          </Button>
        </footer>
      )}
    </>
  );
}

function Told({ title, look, children }: { title: string; look: "warn" | "bad"; children: React.ReactNode }) {
  return (
    <div
      role={look === "bad" ? "alert" : undefined}
      className={cx("scroll max-h-48 rounded-lg px-3 py-2", look === "bad" ? "bg-bad-tint" : "bg-warn-tint")}
    >
      <p className={cx("font-medium", look === "bad" ? "text-bad" : "text-warn")}>{title}</p>
      {children}
    </div>
  );
}

interface KeptProps {
  view: Imported;
  inputs: Described[];
  drop: string[];
  onDrop: (drop: string[]) => void;
  param: string[];
  onParam: (param: string[]) => void;
  problem: string | undefined;
}

/** Kept is the table of parameters with where each lands, to choose from. */
function Kept({ view, inputs, drop, onDrop, param, onParam, problem }: KeptProps) {
  const [name, setName] = useState("");
  const [place, setPlace] = useState("");
  const binds = (view.entry as { configurable_params?: Record<string, { bind?: unknown }> }).configurable_params ?? {};
  const add = () => {
    if (!name.trim() || !place.trim()) return;
    onParam([...param, `${name.trim()}=${place.trim()}`]);
    setName("");
    setPlace("");
  };
  const onEnter = (e: React.KeyboardEvent) => {
    if (e.key !== "Enter") return;
    e.preventDefault();
    add();
  };
  return (
    <section aria-label={pageText.keepParameters}>
      <h3 className="font-medium">{pageText.keepParameters}</h3>
      <p className="text-muted text-sm">{inputs.length > 0 ? pageText.keepParametersHint : pageText.noneKept}</p>
      <ul className="mt-2 divide-y divide-line rounded-lg border border-line">
        {inputs.map((i) => {
          const kept = !drop.includes(i.name);
          return (
            <li key={i.name}>
              <label className="flex items-start gap-3 px-3 py-2">
                <input
                  type="checkbox"
                  className="mt-0.5 size-4 shrink-0 accent-accent"
                  aria-label={pageText.keepParameter(i.label || i.name)}
                  checked={kept}
                  disabled={!i.declared}
                  onChange={() => onDrop(kept ? [...drop, i.name] : drop.filter((n) => n !== i.name))}
                />
                <span className="grid min-w-0 flex-1 gap-x-3 phone:grid-cols-2">
                  <span className={cx("min-w-0", !kept && "text-muted line-through")}>
                    <span className="block break-words">{i.label || i.name}</span>
                    <span className="block text-muted text-sm">{[typeOf(i), rangeOf(i)].filter(Boolean).join(", ")}</span>
                  </span>
                  <span className="min-w-0 break-all text-muted text-sm phone:text-right">
                    {i.declared ? placesOf(binds[i.name]?.bind, i.targets) : pageText.byRole}
                  </span>
                </span>
              </label>
            </li>
          );
        })}
      </ul>
      <div className="mt-2 flex flex-wrap items-end gap-2">
        <Field label={<span className="font-normal text-muted text-sm">{pageText.addParameter}</span>} className="flex-1 basis-36">
          {(ids) => (
            <input
              {...ids}
              className="field-box"
              placeholder={pageText.addName}
              value={name}
              onChange={(e) => setName(e.target.value)}
              onKeyDown={onEnter}
            />
          )}
        </Field>
        <input
          aria-label={pageText.addPlace}
          className="field-box flex-1 basis-48"
          placeholder={pageText.addPlaceHint}
          value={place}
          onChange={(e) => setPlace(e.target.value)}
          onKeyDown={onEnter}
        />
        <Button onClick={add} disabled={!name.trim() || !place.trim()}>
          <Plus />
          {pageText.add}
        </Button>
      </div>
      {problem && (
        <p role="alert" className="mt-1 flex items-center gap-2 text-bad text-sm">
          <span className="flex-1">{problem}</span>
          <Button size="sm" onClick={() => onParam(param.slice(0, -1))}>
            {t.app.undo}
          </Button>
        </p>
      )}
    </section>
  );
}

// placesOf is where a parameter lands: by class when the entry says so ("KSampler.cfg"), with the node's number.
function placesOf(bind: unknown, targets: string[]): string {
  const words = (Array.isArray(bind) ? bind : [bind]).filter((b): b is string => typeof b === "string");
  return words.length > 0 ? words.join(", ") : targets.join(", ");
}
