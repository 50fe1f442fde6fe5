import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Check, Search, TriangleAlert } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { queries } from "@/api/queries";
import type { Workflow } from "@/api/types";
import { Waiting } from "@/app/waiting";
import { kindOf, WorkflowPicture } from "@/components/WorkflowSelector";
import { useWorkflowSearch, WorkflowFilter } from "@/components/WorkflowSelector/filter";
import { type Show, type Standing, shown, stateOf, useStandings } from "@/components/WorkflowSelector/state";
import { t } from "@/text";
import { workflows as pageText } from "@/text/en/workflows";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Empty, Failed } from "@/ui/empty";
import { Select } from "@/ui/select";
import { Detail } from "./detail";

const none: Workflow[] = [];

/** Library is the list of workflows with the one that is open beside it; on narrow screens one of both. */
export function Library({ id, onImport }: { id: string | undefined; onImport: () => void }) {
  const workflows = useQuery(queries.workflows);
  const sources = useQuery(queries.sources).data ?? {};
  const thumbnails = useQuery(queries.thumbnails).data ?? {};
  const standings = useStandings();
  const [show, setShow] = useState<Show>("");
  const list = workflows.data;
  const { search, setSearch, found, clear: clearSearch } = useWorkflowSearch(list ?? none);
  const rows = shown(found, show, sources, standings.of);
  const open = list?.find((w) => w.id === id) ?? (id ? undefined : (rows[0] ?? list?.[0]));

  if (workflows.error && !list) return <Failed error={workflows.error} onRetry={() => void workflows.refetch()} />;
  if (!list) return <Waiting />;
  // Arrow keys walk the list.
  const walk = (e: React.KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (by === undefined || e.target instanceof HTMLSelectElement) return;
    const links = [...e.currentTarget.querySelectorAll<HTMLElement>("li > a")];
    const at = links.indexOf(document.activeElement as HTMLElement);
    const next = links[at + by];
    if (!next) return;
    e.preventDefault();
    next.focus();
  };
  const clear = () => {
    clearSearch();
    setShow("");
  };
  return (
    <div className="flex h-full">
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the keys are those of the links in it */}
      <div
        className={cx("scroll h-full w-full rail:w-96 rail:shrink-0 rail:border-line rail:border-r", id && "max-rail:hidden")}
        onKeyDown={walk}
      >
        <WorkflowFilter workflows={list} search={search} onChange={setSearch} className="bg-page px-4 py-3 phone:pl-6 phone:max-rail:pr-6">
          <Select
            aria-label={pageText.filterState}
            value={show}
            onChange={(e) => setShow(e.target.value as Show)}
            className="min-w-36 max-w-48 flex-1"
          >
            {Object.entries(pageText.states).map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </Select>
        </WorkflowFilter>
        {rows.length === 0 ? (
          <Empty icon={<Search />} title={t.generate.noWorkflow} hint={show === "own" ? pageText.importText : t.generate.noWorkflowHint}>
            {show === "own" && <Button onClick={onImport}>{pageText.import}</Button>}
            <Button onClick={clear}>{t.generate.clearSearch}</Button>
          </Empty>
        ) : (
          <ul aria-label={pageText.listLabel} className="px-2 pb-4 phone:px-4">
            {rows.map((w) => (
              <Row
                key={w.id}
                workflow={w}
                picture={thumbnails[w.id]}
                own={sources[w.id] === "user"}
                standings={standings.of(w.id)}
                open={w === open}
                asked={w.id === id}
              />
            ))}
          </ul>
        )}
      </div>
      <div className={cx("scroll h-full min-w-0 flex-1", !id && "max-rail:hidden")}>
        {open ? (
          <Detail
            key={open.id}
            workflow={open}
            source={sources[open.id] ?? ""}
            picture={thumbnails[open.id]}
            standings={standings.of(open.id)}
            noBackend={standings.none}
          />
        ) : (
          id && (
            <Empty title={pageText.notFound} hint={pageText.notFoundHint}>
              <Link to="/workflows" className="text-accent hover:underline">
                {pageText.back}
              </Link>
            </Empty>
          )
        )}
      </div>
    </div>
  );
}

interface RowProps {
  workflow: Workflow;
  picture: string | undefined;
  own: boolean;
  standings: Standing[];
  open: boolean;
  asked: boolean;
}

function Row({ workflow: w, picture, own, standings, open, asked }: RowProps) {
  const { state, missing } = stateOf(standings);
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (asked) row.current?.scrollIntoView({ block: "nearest" });
  }, [asked]);
  return (
    <li ref={row} className="scroll-my-32">
      <Link
        to="/workflows"
        search={{ id: w.id }}
        aria-current={asked ? "true" : undefined}
        activeProps={{ "aria-current": asked ? "true" : undefined }}
        className={cx("flex items-center gap-3 rounded-lg p-2 hover:bg-hover", open && "rail:bg-tint rail:hover:bg-tint")}
      >
        <WorkflowPicture workflow={w} src={picture} className="size-12 rounded-md" />
        <div className="min-w-0 flex-1">
          <h2 className="truncate font-medium">{w.name}</h2>
          <p className="truncate text-muted text-sm">{kindOf(w)}</p>
        </div>
        <div className="flex shrink-0 flex-col items-end gap-0.5">
          {own && <Badge>{pageText.own}</Badge>}
          <StateWord state={state} missing={missing} />
        </div>
      </Link>
    </li>
  );
}

/** StateWord says whether a workflow runs. */
export function StateWord({ state, missing }: { state: string; missing: number }) {
  if (state === "unknown") return null;
  return (
    <span className={cx("flex items-center gap-1 text-sm", state === "ready" ? "text-muted" : "text-warn")}>
      {state === "ready" ? <Check className="size-3.5 text-good" aria-hidden /> : <TriangleAlert className="size-3.5" aria-hidden />}
      {state === "ready" ? pageText.ready : t.generate.missing(missing)}
    </span>
  );
}
