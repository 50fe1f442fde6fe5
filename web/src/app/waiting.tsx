import { CloudOff } from "lucide-react";
import { useEffect, useState } from "react";
import { useConnection } from "@/api/events";
import { problemOf } from "@/api/problem";
import { t } from "@/text";
import { Empty } from "@/ui/empty";

const patience = 1000; // ms; what comes sooner is only said to who does not see the page

function useIsLate() {
  const away = useConnection() === "away";
  const [late, setLate] = useState(false);
  useEffect(() => {
    const later = setTimeout(() => setLate(true), patience);
    return () => clearTimeout(later);
  }, []);
  return away || late;
}

/** Waiting stands where a page's content will be: only said while it loads, shown when that takes long or the server is away. */
export function Waiting() {
  if (!useIsLate()) return <p className="sr-only">{t.app.loading}</p>;
  return <Empty icon={<CloudOff />} title={t.app.waiting} hint={t.app.waitingHint} />;
}

/** WaitingLine is Waiting in a line of a page whose other parts are there; error is why it cannot come, if the server says so. */
export function WaitingLine({ error }: { error: unknown }) {
  const late = useIsLate();
  const problem = error ? problemOf(error) : undefined;
  if (problem && !problem.offline)
    return <span className="block text-bad">{[problem.message, problem.hint].filter(Boolean).join(". ")}</span>;
  return <span className={late ? "block font-normal text-muted" : "invisible block"}>{t.app.waiting}</span>;
}
