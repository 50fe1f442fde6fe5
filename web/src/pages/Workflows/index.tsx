import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { SearchX, Upload } from "lucide-react";
import { useRef, useState } from "react";
import { queries } from "@/api/queries";
import { Page } from "@/app/shell";
import { WorkflowPicture } from "@/components/WorkflowSelector";
import { find } from "@/components/WorkflowSelector/find";
import { t } from "@/text";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Empty, Failed } from "@/ui/empty";
import { Tabs } from "@/ui/tabs";
import { Characters } from "./characters";
import { workflowQueries } from "./data";
import { Detail } from "./detail";
import { ImportDialog } from "./import-dialog";
import { Presets } from "./presets";
import type { Tab } from "./search";

/** Workflows is the library: what can be run, who can be in it, and what was kept of requests. */
export function Workflows() {
  const { id, tab } = useSearch({ from: "/workflows" });
  return id ? <Detail key={id} id={id} /> : <Library tab={tab ?? "workflows"} />;
}

function Library({ tab }: { tab: Tab }) {
  const navigate = useNavigate();
  const [file, setFile] = useState<File>();
  const [over, setOver] = useState(false);
  const chooser = useRef<HTMLInputElement>(null);
  const take = (files: FileList | null | undefined) => {
    setOver(false);
    const first = files?.[0];
    if (first) setFile(first);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a drop has a button that does the same
    <div
      className="relative h-full"
      onDragOver={(e) => {
        if (!e.dataTransfer.types.includes("Files")) return;
        e.preventDefault();
        setOver(true);
      }}
      onDragLeave={(e) => !e.currentTarget.contains(e.relatedTarget as Node | null) && setOver(false)}
      onDrop={(e) => {
        e.preventDefault();
        take(e.dataTransfer.files);
      }}
    >
      <Page
        title={t.workflows.title}
        actions={
          <>
            <Button onClick={() => chooser.current?.click()} title={t.workflows.importHint}>
              <Upload aria-hidden />
              {t.workflows.import}
            </Button>
            <input
              ref={chooser}
              type="file"
              hidden
              aria-label={t.workflows.importHint}
              onChange={(e) => {
                take(e.target.files);
                e.target.value = "";
              }}
            />
          </>
        }
      >
        <Tabs
          label={t.workflows.title}
          value={tab}
          onChange={(to) => void navigate({ to: "/workflows", search: { tab: to === "workflows" ? undefined : (to as Tab) } })}
          tabs={[
            { value: "workflows", label: t.workflows.tabs.workflows, content: <List /> },
            { value: "characters", label: t.workflows.tabs.characters, content: <Characters /> },
            { value: "presets", label: t.workflows.tabs.presets, content: <Presets /> },
          ]}
        />
      </Page>
      {over && (
        <div className="pointer-events-none absolute inset-3 z-20 grid place-items-center rounded-lg border-2 border-accent border-dashed bg-page/85">
          <p className="flex items-center gap-2 font-medium text-lg">
            <Upload className="size-6 text-accent" aria-hidden />
            {t.workflows.dropNow}
          </p>
        </div>
      )}
      {file && (
        <ImportDialog
          file={file}
          onClose={() => setFile(undefined)}
          onDone={(id) => {
            setFile(undefined);
            void navigate({ to: "/workflows", search: { id } });
          }}
        />
      )}
    </div>
  );
}

function List() {
  const { data, error, refetch } = useQuery(workflowQueries.list);
  const thumbnails = useQuery(queries.thumbnails).data ?? {};
  const [words, setWords] = useState("");
  if (error) return <Failed error={error} onRetry={() => void refetch()} />;
  if (!data) return null;
  const found = find(data.workflows, { words, category: "", family: "" });
  return (
    <>
      <input
        type="search"
        value={words}
        onChange={(e) => setWords(e.target.value)}
        placeholder={t.workflows.search}
        aria-label={t.workflows.search}
        className="field-box mb-2"
      />
      {found.length === 0 && (
        <Empty icon={<SearchX />} title={t.workflows.nothing} hint={t.workflows.nothingHint}>
          <Button onClick={() => setWords("")}>{t.workflows.clear}</Button>
        </Empty>
      )}
      <ul className="-mx-2">
        {found.map((w) => (
          <li key={w.id} className="relative flex items-center gap-4 rounded-lg p-2 hover:bg-hover">
            <WorkflowPicture workflow={w} src={thumbnails[w.id]} className="size-14 rounded-md" />
            <div className="min-w-0 flex-1">
              <h2 className="truncate font-medium">
                <Link to="/workflows" search={{ id: w.id }} className="after:absolute after:inset-0 after:rounded-lg">
                  {w.name}
                </Link>
              </h2>
              <p className="line-clamp-2 text-muted phone:line-clamp-1">{w.description}</p>
            </div>
            <span className="hidden shrink-0 gap-1.5 phone:flex">
              {w.category && <Badge>{t.workflows.categories[w.category] ?? w.category}</Badge>}
              {data.sources[w.id] !== "built-in" && (
                <Badge look="accent">{t.workflows.sources[data.sources[w.id] ?? ""] ?? data.sources[w.id]}</Badge>
              )}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
