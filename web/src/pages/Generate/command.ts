import type { GenerateRequest } from "@/api/client";
import { isPicture, picturesOf, type Value } from "@/components/ParameterControls/values";

const quote = (s: string) => (/^[\w@%+=:,./-]+$/.test(s) ? s : `'${s.replace(/'/g, `'\\''`)}'`);
const flag = (name: string) => `--${name.replace(/_/g, "-")}`;
const plain = (v: unknown) => (typeof v === "string" ? v : JSON.stringify(v));

type Sent = GenerateRequest & { sweep?: Record<string, string>; zip?: boolean };

/** asCommand is the command line that does the same. Pictures are named as the user's files; a sweep is a batch. */
export function asCommand(request: GenerateRequest, pictures: Record<string, Value | undefined>): string {
  const r = request as Sent;
  const name = (of: string, ref: string) => {
    const p = picturesOf(pictures[of]).find((picture) => picture.ref === ref);
    return p && isPicture(p) && p.from !== "url" && p.name ? p.name : ref;
  };
  const words = ["easel", r.sweep ? "batch" : "generate", r.workflow_id];
  // A text that begins like a flag, a file or stdin is said by its flag.
  if (r.prompt) words.push(...(/^[-@]/.test(r.prompt) ? ["--prompt", quote(r.prompt.replace(/^@/, "@@"))] : [quote(r.prompt)]));
  if (r.negative !== undefined) words.push("--negative", quote(r.negative));
  if (r.character_id) words.push("--character", quote(r.character_id));
  for (const ref of r.input_images ?? (r.input_image ? [r.input_image] : [])) words.push("--image", quote(name("image", ref)));
  for (const [input, ref] of Object.entries(r.inputs ?? {})) words.push("--image", quote(`${input}=${name(input, ref)}`));
  if (r.mask) words.push("--mask", quote(name("mask", r.mask)));
  for (const [param, value] of Object.entries(r.params ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) words.push(`${flag(param)}=${quote(plain(one))}`);
  }
  for (const [param, text] of Object.entries(r.sweep ?? {})) words.push("--sweep", quote(`${param}=${text}`));
  if (r.zip) words.push("--zip");
  if (r.count) words.push("--count", String(r.count));
  return words.join(" ");
}

/** asCurl is the request itself. */
export function asCurl(request: GenerateRequest, origin: string, withKey: boolean): string {
  const key = withKey ? `-H "Authorization: Bearer $EASEL_KEY" ` : "";
  return `curl ${key}-d ${quote(JSON.stringify(request))} ${quote(`${origin}/api/v1/generate`)}`;
}
