import { Check, CircleHelp, LoaderCircle, TriangleAlert } from "lucide-react";
import type { Schemas } from "@/api/client";
import { inWords, pageHint } from "@/api/hint";
import { problemOf } from "@/api/problem";
import type { Standing } from "@/components/WorkflowSelector/state";
import { workflows as pageText } from "@/text/en/workflows";
import { cx } from "@/ui/cx";
import { Section } from "./ask";

type Model = Schemas["NeededModel"];

/** Needs says where a workflow runs, what each backend lacks, and which model files it takes. */
export function Needs({ standings, noBackend }: { standings: Standing[]; noBackend: boolean }) {
  const models = standings.find((s) => s.ready)?.ready?.models ?? [];
  return (
    <Section title={pageText.needs}>
      {noBackend && (
        <p className="text-muted">
          {pageText.noBackend} <code className="font-mono text-sm">{pageText.noBackendHint}</code>
        </p>
      )}
      <ul className="grid gap-2">
        {standings.map((s) => (
          <Backend key={s.backend} standing={s} />
        ))}
      </ul>
      {models.length > 0 && (
        <Models
          models={models}
          stateOf={(m) =>
            standings.length === 1
              ? [{ state: find(standings[0], m) }]
              : standings.filter((s) => s.ready).map((s) => ({ backend: s.backend, state: find(s, m) }))
          }
        />
      )}
    </Section>
  );
}

const find = (s: Standing | undefined, m: Model) =>
  s?.ready?.models.find((o) => o.folder === m.folder && o.file === m.file)?.state ?? "unknown";

function Backend({ standing: { backend, ready, asking, error } }: { standing: Standing }) {
  if (!ready) {
    const p = error ? problemOf(error) : undefined;
    return (
      <li className="flex gap-2 text-muted">
        {asking ? (
          <LoaderCircle className="mt-0.5 size-4 shrink-0 animate-spin" aria-hidden />
        ) : (
          <CircleHelp className="mt-0.5 size-4 shrink-0" aria-hidden />
        )}
        <span>{p && !asking ? `${backend}: ${p.message}` : pageText.askingOn(backend)}</span>
      </li>
    );
  }
  const good = ready.missing.length === 0;
  const Icon = ready.ready === null ? CircleHelp : good ? Check : TriangleAlert;
  return (
    <li className="flex gap-2">
      <Icon className={cx("mt-0.5 size-4 shrink-0", ready.ready === null ? "text-muted" : good ? "text-good" : "text-warn")} aria-hidden />
      <div className="min-w-0">
        <p>
          {ready.ready === null
            ? pageText.silentOn(backend)
            : good
              ? pageText.runsOn(backend)
              : pageText.lacksOn(backend, ready.missing.length)}
        </p>
        {!good && (
          <ul className="mt-1 grid gap-1.5">
            {ready.missing.map((l) => (
              <li key={l.what} className="break-words">
                <p>{inWords(l.message)}</p>
                <p className="text-muted text-sm">
                  {inWords(
                    [pageHint(l.hint), l.parameter && l.models ? pageText.instead(l.parameter, l.models) : ""]
                      .filter(Boolean)
                      .join("; or "),
                  )}
                </p>
              </li>
            ))}
          </ul>
        )}
      </div>
    </li>
  );
}

/** Models is a list of model files, with where they are and where to get them. */
export function Models({ models, stateOf }: { models: Model[]; stateOf: (m: Model) => { backend?: string; state: string }[] }) {
  return (
    <ul className="mt-3 divide-y divide-line rounded-lg border border-line">
      {models.map((m) => (
        <li key={`${m.folder}/${m.file}`} className="flex flex-wrap items-center gap-x-4 gap-y-0.5 px-3 py-2">
          <div className="min-w-0 flex-1 basis-60">
            <p className="break-all">{m.file}</p>
            <p className="text-muted text-sm">
              {[m.folder, m.size_gb ? pageText.gigabytes(m.size_gb.toFixed(m.size_gb < 10 ? 1 : 0)) : ""].filter(Boolean).join(" · ")}
            </p>
          </div>
          {address(m) && (
            <a href={address(m)} target="_blank" rel="noreferrer" className="text-accent text-sm hover:underline">
              {pageText.whereToGet}
            </a>
          )}
          <p className="text-sm">
            {stateOf(m).map(({ backend, state }) => (
              <span key={backend ?? ""} className={cx("block", state === "missing" ? "text-warn" : "text-muted")}>
                {[pageText.modelStates[state] ?? state, backend && pageText.onBackend(backend)].filter(Boolean).join(" ")}
              </span>
            ))}
          </p>
        </li>
      ))}
    </ul>
  );
}

// A registry is a file that anybody can write: only web addresses become links.
const address = (m: Model) => [m.page, m.url].find((a) => a && /^https?:\/\//i.test(a));
