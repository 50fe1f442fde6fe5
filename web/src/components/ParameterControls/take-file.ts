import { type FileInfo, upload } from "@/api/client";
import { Problem, problemOf } from "@/api/problem";
import type { Input } from "@/api/types";
import { t } from "@/text";
import { itemType } from "./kinds";
import type { Picture, Values } from "./values";

/** accepts is what a file field takes, for the browser's dialog. */
export const accepts = (type: string) =>
  ({ image: "image/*", mask: "image/*", video: "video/*", audio: "audio/*" })[itemType(type)] ?? "*/*";

/** fits: a file is of the kind that a field takes. A file without a type is for the server to judge. */
export const fits = (type: string, file: Pick<File, "type">) => {
  const accept = accepts(type);
  return accept === "*/*" || file.type === "" || file.type.startsWith(accept.slice(0, -1));
};

/** takeFile uploads a file for a field. */
export async function takeFile(type: string, file: File, onProgress: (fraction: number) => void, signal?: AbortSignal): Promise<Picture> {
  const name = file.name || `pasted.${file.type.split("/")[1] ?? "png"}`;
  if (!fits(type, file)) throw wrongKind(type, name);
  const kept = await upload(file, name, onProgress, signal);
  // What it is says its content, not its name.
  if (!fits(type, { type: kept.media_type })) throw wrongKind(type, name);
  return pictureOf(kept);
}

/** takeInto uploads files for a field, at which it is told how far they are and what is wrong with one. */
export async function takeInto(values: Values, field: Pick<Input, "name" | "type">, files: File[], put: (picture: Picture) => void) {
  for (const file of files) {
    values.setUploading(field.name, 0);
    try {
      put(await takeFile(field.type, file, (fraction) => values.setUploading(field.name, fraction)));
    } catch (error) {
      // It stays until there is another file; the sign-in page stands over it by itself.
      const { code, status, message, hint } = problemOf(error);
      if (code !== "aborted" && status !== 401) values.setProblem(field.name, told(file.name, message, hint));
    }
  }
  values.setUploading(field.name, undefined);
}

/** told is what is wrong with a file: its name, what, and what to do. */
const told = (name: string, what: string, hint: string) =>
  [what.includes(name) ? what : `${name}: ${what}`, hint].filter(Boolean).join(". ");

const wrongKind = (type: string, name: string) =>
  new Problem({ detail: t.generate.wrongKind(name, itemType(type) === "mask" ? "image" : itemType(type)), code: "invalid_input" });

export const pictureOf = (f: FileInfo): Picture => ({
  ref: f.id,
  from: "file",
  name: f.name,
  type: f.media_type,
  width: f.width,
  height: f.height,
});

/** filesOf are the files that were dropped or pasted. */
export function filesOf(data: DataTransfer | null): File[] {
  return data ? [...data.files] : [];
}

/** resultOf is the result that was dragged from the filmstrip or the gallery onto a field. */
export const resultType = "application/x-easel-output";
export function resultOf(data: DataTransfer | null): Picture | undefined {
  try {
    const p = JSON.parse(data?.getData(resultType) || "null");
    return p && typeof p.ref === "string" ? p : undefined;
  } catch {
    return undefined;
  }
}
