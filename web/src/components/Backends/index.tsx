import { useQuery } from "@tanstack/react-query";
import { inWords, pageHint } from "@/api/hint";
import { queries } from "@/api/queries";
import { duration } from "@/text/duration";
import { queue as pageText } from "@/text/en/queue";
import { Badge } from "@/ui/badge";

/** Backends are the places where jobs run: state, models in memory, speed. */
export function Backends({ className }: { className?: string }) {
  const { data } = useQuery({ ...queries.backends, refetchInterval: 5_000 });
  if (!data) {
    return (
      <div className={className} aria-hidden>
        <div className="h-13.5 animate-pulse rounded-lg bg-sunken phone:max-w-96" />
      </div>
    );
  }
  return (
    <section aria-label={pageText.backends} className={className}>
      {data.length === 0 && (
        <p className="rounded-lg bg-warn-tint px-3 py-2 text-warn">
          {pageText.noBackends} <code className="font-mono text-sm">{pageText.noBackendsHint}</code>
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
                {pageText.states[b.state] ?? b.state}
              </Badge>
            </div>
            <p className="truncate text-muted text-sm">
              {[
                b.median_ms ? pageText.speed(duration(b.median_ms)) : "",
                b.models.length ? pageText.inMemory(b.models.join(", ")) : "",
                b.address?.endsWith(`//${b.name}`) ? "" : b.address,
              ]
                .filter(Boolean)
                .join(" · ") || "\u00a0"}
            </p>
            {b.last_error && (
              <p className="line-clamp-2 text-bad text-sm" title={inWords(b.last_error.message)}>
                {[inWords(b.last_error.message), pageHint(b.last_error.hint)].filter(Boolean).join(" · ")}
              </p>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
