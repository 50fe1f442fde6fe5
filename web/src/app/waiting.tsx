import { CloudOff } from "lucide-react";
import { useConnection } from "@/api/events";
import { t } from "@/text";
import { Empty } from "@/ui/empty";

/** Waiting stands where a page's content will be: only said while it loads, shown while the server is away. */
export function Waiting() {
  if (useConnection() !== "away") return <p className="sr-only">{t.app.loading}</p>;
  return <Empty icon={<CloudOff />} title={t.app.waiting} hint={t.app.waitingHint} />;
}
