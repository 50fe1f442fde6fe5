import { t } from "@/text";

/** fileOf is the file of what was pasted. */
export function fileOf(data: DataTransfer | null): File | undefined {
  if (data?.files[0]) return data.files[0];
  const text = data?.getData("text/plain").trim() ?? "";
  return text.startsWith("{") ? new File([text], t.workflows.importPasted, { type: "application/json" }) : undefined;
}
