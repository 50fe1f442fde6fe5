import { workflows as pageText } from "@/text/en/workflows";

/** fileOf is the file of what was pasted. */
export function fileOf(data: DataTransfer | null): File | undefined {
  if (data?.files[0]) return data.files[0];
  const text = data?.getData("text/plain").trim() ?? "";
  return text.startsWith("{") ? new File([text], pageText.importPasted, { type: "application/json" }) : undefined;
}
