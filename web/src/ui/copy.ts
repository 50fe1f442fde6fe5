import { t } from "@/text";
import { toast } from "./toast";

/** copyText puts a text on the clipboard and says so. */
export async function copyText(text: string, said: string = t.app.copied) {
  try {
    await navigator.clipboard.writeText(text);
    toast.done(said);
  } catch {
    toast.failed(new Error(t.app.copyFailed)); // no permission, or not a secure page
  }
}
