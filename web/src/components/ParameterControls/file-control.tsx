import { Brush, FileVideo, ImagePlus, Link2, Music, RefreshCw, Sparkles, Trash2 } from "lucide-react";
import { memo, type ReactNode, useRef, useState } from "react";
import type { Input } from "@/api/types";
import { t } from "@/text";
import { Button, IconButton } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Popover } from "@/ui/popover";
import { Progress } from "@/ui/progress";
import { isList, itemType, labelOf } from "./kinds";
import { usePictureUrl } from "./picture-blob";
import { accepts, takeInto } from "./take-file";
import { useFieldDrop } from "./use-field-drop";
import { type Picture, picturesOf, useProblem, useUploading, useValue, useValues } from "./values";

interface FileControlProps {
  input: Input;
  many?: boolean; // several pictures: one run each
  last?: () => Picture | undefined; // the last result, where it can be used
  onPaint?: () => void; // opens the mask editor
}

/** FileControl takes a file: dropped, pasted (the page does that), chosen, by address, or the last result. */
export const FileControl = memo(function FileControl({ input, many, last, onPaint }: FileControlProps) {
  const values = useValues();
  const pictures = picturesOf(useValue(input.name));
  const problem = useProblem(input.name);
  const busy = useUploading(input.name);
  const chooser = useRef<HTMLInputElement>(null);
  const several = many || isList(input.type);
  const label = labelOf(input);
  const isMask = input.role === "mask";

  const put = (added: Picture[]) => {
    const now = several ? [...picturesOf(values.get(input.name)), ...added] : added.slice(-1);
    values.set(input.name, several ? (now.length > 1 ? now : now[0]) : now[0]);
  };
  const take = (files: File[]) => takeInto(values, input, several ? files : files.slice(0, 1), (picture) => put([picture]));
  const remove = (ref: string) => {
    const rest = pictures.filter((p) => p.ref !== ref);
    values.set(input.name, rest.length > 1 ? rest : rest[0]);
  };
  const choose = () => chooser.current?.click();
  const dropping = useFieldDrop(
    (result) => put([result]),
    (files) => void take(files),
  );
  const { over } = dropping;

  return (
    <fieldset
      data-parameter={input.name}
      aria-label={label}
      className="grid min-w-0 grid-cols-[minmax(0,1fr)] gap-1"
      {...dropping.handlers}
    >
      <div className="flex min-h-6 items-baseline justify-between gap-2">
        <span className="font-medium">{label}</span>
        {!input.required && <span className="text-muted text-sm">{t.generate.optional}</span>}
      </div>
      <input
        ref={chooser}
        type="file"
        aria-hidden
        accept={accepts(input.type)}
        multiple={several}
        hidden
        onChange={(e) => {
          void take([...(e.target.files ?? [])]);
          e.target.value = "";
        }}
      />
      {pictures.map((p) => (
        <Held key={p.ref} picture={p} kind={itemType(input.type)} over={over}>
          {onPaint && isMask && (
            <IconButton label={t.generate.editMask} onClick={onPaint}>
              <Brush />
            </IconButton>
          )}
          {!several && (
            <IconButton label={t.generate.replaceFile(label)} onClick={choose}>
              <RefreshCw />
            </IconButton>
          )}
          <IconButton label={t.generate.removeFile(label)} onClick={() => remove(p.ref)}>
            <Trash2 />
          </IconButton>
        </Held>
      ))}
      {busy !== undefined && (
        <div className="flex h-14 items-center gap-3 rounded-lg border border-line px-3">
          <span className="text-muted">{t.generate.uploading}</span>
          <Progress value={busy} label={t.generate.uploading} className="flex-1" />
        </div>
      )}
      {busy === undefined && (pictures.length === 0 || several) && (
        <div
          className={cx(
            "flex min-h-14 flex-wrap items-center justify-center gap-x-1 rounded-lg border border-edge border-dashed px-2 py-1.5 transition-colors",
            over && "border-accent bg-tint",
            problem && "border-bad",
          )}
        >
          {over ? (
            <span className="text-accent">{t.generate.dropNow}</span>
          ) : isMask && onPaint ? (
            <>
              <Button look="quiet" className="text-accent" onClick={onPaint}>
                <Brush />
                {t.generate.paintMask}
              </Button>
              <Button look="quiet" onClick={choose}>
                {t.generate.maskFile}
              </Button>
            </>
          ) : (
            <>
              <span className="text-muted">{pictures.length ? "" : t.generate.dropHere}</span>
              <Button look="quiet" size="sm" className="text-accent text-base" onClick={choose}>
                <ImagePlus />
                {pictures.length ? t.generate.addFile : t.generate.chooseFile}
              </Button>
              <UrlButton onUse={(url) => put([{ ref: url, from: "url", name: url.split("/").pop() || url }])} />
              {last?.() && (
                <IconButton label={t.generate.useLast} onClick={() => put([last()].filter((p) => p !== undefined))}>
                  <Sparkles />
                </IconButton>
              )}
            </>
          )}
        </div>
      )}
      {problem && (
        <p role="alert" className="break-words text-bad text-sm">
          {problem}
        </p>
      )}
    </fieldset>
  );
});

function Held({ picture, kind, over, children }: { picture: Picture; kind: string; over: boolean; children: ReactNode }) {
  const { url, error } = usePictureUrl(picture);
  return (
    <div className={cx("flex items-center gap-2 rounded-lg bg-sunken p-1 pr-1.5", over && "ring-2 ring-accent")}>
      <div className="grid size-14 shrink-0 place-items-center overflow-hidden rounded-md bg-hover text-muted">
        {url && (kind === "image" || kind === "mask") ? (
          <img src={url} alt="" className="size-full object-cover" />
        ) : picture.from === "url" ? (
          <Link2 className="size-5" />
        ) : kind === "video" ? (
          <FileVideo className="size-5" />
        ) : kind === "audio" ? (
          <Music className="size-5" />
        ) : null}
      </div>
      <div className="min-w-0 flex-1">
        <p className="truncate" title={picture.name}>
          {picture.name || picture.ref}
        </p>
        <p className={cx("truncate text-sm", error ? "text-bad" : "text-muted")}>
          {error
            ? String((error as Error).message)
            : picture.from === "url"
              ? t.generate.byUrl
              : picture.width
                ? `${picture.width} × ${picture.height}`
                : " "}
        </p>
      </div>
      {children}
    </div>
  );
}

function UrlButton({ onUse }: { onUse: (url: string) => void }) {
  const [open, setOpen] = useState(false);
  const [url, setUrl] = useState("");
  const [wrong, setWrong] = useState(false);
  return (
    <Popover
      open={open}
      onOpenChange={setOpen}
      label={t.generate.fromUrl}
      className="w-80"
      trigger={
        <Button look="quiet" size="icon" aria-label={t.generate.fromUrl} title={t.generate.fromUrl}>
          <Link2 />
        </Button>
      }
    >
      <form
        className="grid gap-2"
        onSubmit={(e) => {
          e.preventDefault();
          if (!/^https?:\/\/\S+$/.test(url.trim())) return setWrong(true);
          onUse(url.trim());
          setOpen(false);
          setUrl("");
        }}
      >
        <div className="flex gap-2">
          <input
            type="url"
            aria-label={t.generate.fromUrl}
            aria-invalid={wrong || undefined}
            placeholder={t.generate.fromUrlHint}
            value={url}
            onChange={(e) => {
              setUrl(e.target.value);
              setWrong(false);
            }}
            className="field-box"
          />
          <Button type="submit" look="primary">
            {t.generate.fromUrlUse}
          </Button>
        </div>
        <p className={cx("text-sm", wrong ? "text-bad" : "text-muted")}>{wrong ? t.generate.fromUrlBad : t.generate.byUrl}</p>
      </form>
    </Popover>
  );
}
