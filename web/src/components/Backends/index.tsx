import { useQuery } from "@tanstack/react-query";
import { queries } from "@/api/queries";
import { t } from "@/text";
import { duration } from "@/text/duration";
import { Badge } from "@/ui/badge";

/** Backends are the places where jobs run: state, models in memory, speed. */
export function Backends({ className }: { className?: string }) {
  const { data } = useQuery({ ...queries.backends, refetchInterval: 5_000 });
  if (!data) return null;
  return (
    <section aria-label={t.queue.backends} className={className}>
      {data.length === 0 && (
        <p className="rounded-lg bg-warn-tint px-3 py-2 text-warn">
          {t.queue.noBackends} <code className="font-mono text-sm">{t.queue.noBackendsHint}</code>
        </p>
      )}
      <ul className="flex flex-wrap gap-2">
        {data.map((b) => (
          <li key={b.name} className="min-w-56 max-w-full flex-1 rounded-lg border border-line bg-surface px-3 py-2 phone:max-w-96">
            <div className="flex items-center gap-2">
              <span className="min-w-0 flex-1 truncate font-medium" title={b.address}>
                {b.name}
              </span>
              <Badge look={b.state === "unreachable" ? "bad" : b.state === "busy" ? "accent" : "plain"}>
                {t.queue.states[b.state] ?? b.state}
              </Badge>
            </div>
            <p className="truncate text-muted text-sm">
              {[
                b.median_ms ? t.queue.speed(duration(b.median_ms)) : "",
                b.models.length ? t.queue.inMemory(b.models.join(", ")) : "",
                b.address,
              ]
                .filter(Boolean)
                .join(" · ") || " "}
            </p>
            {b.last_error && (
              <p className="line-clamp-2 text-bad text-sm">
                {b.last_error.message}
                {b.last_error.hint ? ` · ${b.last_error.hint}` : ""}
              </p>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
