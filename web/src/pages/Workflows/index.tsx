import { getRouteApi } from "@tanstack/react-router";
import { Plus, Upload } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { workflows as pageText } from "@/text/en/workflows";
import { Button } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Tabs } from "@/ui/tabs";
import { toast } from "@/ui/toast";
import { Characters } from "./characters";
import { Import } from "./import";
import { Library } from "./library";
import { fileOf } from "./pasted";
import { Presets } from "./presets";
import type { WorkflowsSearch } from "./search";

const route = getRouteApi("/workflows");

/** Workflows is what requests are made of: workflows, characters, presets. */
export function Workflows() {
  const { tab = "workflows", id } = route.useSearch();
  const navigate = route.useNavigate();
  const [file, setFile] = useState<File>();
  const [importing, setImporting] = useState(false);
  const [adding, setAdding] = useState(0); // counts presses: each opens a new form
  const take = (taken: File) => {
    setFile(taken);
    setImporting(true);
  };
  const { over, handlers } = useFiles(take, tab === "workflows" && !importing);
  const action = {
    workflows: { icon: <Upload />, label: pageText.import, run: () => setImporting(true) },
    characters: { icon: <Plus />, label: pageText.characters.add, run: () => setAdding((n) => n + 1) },
    presets: { icon: <Plus />, label: pageText.presets.add, run: () => setAdding((n) => n + 1) },
  }[tab];
  return (
    <main className="relative flex h-full flex-col" {...handlers}>
      <header className={cx("flex shrink-0 items-center gap-4 px-4 phone:px-6", id ? "rail:min-h-14 rail:pt-2" : "min-h-14 pt-2")}>
        <h1 className={cx("flex-1 font-semibold text-xl", id && "max-rail:sr-only")}>{pageText.title}</h1>
        <Button onClick={action.run} className={cx(id && "max-rail:hidden")}>
          {action.icon}
          {action.label}
        </Button>
      </header>
      <Tabs
        label={pageText.tabsLabel}
        value={tab}
        onChange={(v) => {
          setAdding(0);
          void navigate({ search: { tab: v === "workflows" ? undefined : (v as WorkflowsSearch["tab"]) } });
        }}
        className={cx(
          "flex min-h-0 flex-1 flex-col [&>[role=tablist]]:px-4 phone:[&>[role=tablist]]:px-6 [&>[role=tabpanel]]:min-h-0 [&>[role=tabpanel]]:flex-1 [&>[role=tabpanel]]:pt-0",
          id && "max-rail:[&>[role=tablist]]:hidden",
        )}
        tabs={[
          {
            value: "workflows",
            label: pageText.tabs.workflows as string,
            content: <Library id={id} onImport={() => setImporting(true)} />,
          },
          { value: "characters", label: pageText.tabs.characters as string, content: <Characters adding={adding} /> },
          { value: "presets", label: pageText.tabs.presets as string, content: <Presets adding={adding} /> },
        ]}
      />
      {over && (
        <div className="pointer-events-none absolute inset-2 z-20 grid place-items-center rounded-lg border-2 border-accent border-dashed bg-page/90 font-semibold text-accent text-lg">
          {pageText.importNow}
        </div>
      )}
      <Import
        open={importing}
        file={file}
        onFile={setFile}
        onClose={() => {
          setImporting(false);
          setFile(undefined);
        }}
      />
    </main>
  );
}

/** useFiles takes a file that is dropped anywhere on the page, or pasted; pasted text that is JSON is a file too. */
function useFiles(take: (file: File) => void, active: boolean) {
  const [over, setOver] = useState(false);
  const depth = useRef(0);
  const latest = useRef(take);
  latest.current = take;
  useEffect(() => {
    if (!active) return;
    const onPaste = (e: ClipboardEvent) => {
      if (/^(INPUT|TEXTAREA)$/.test((e.target as HTMLElement | null)?.tagName ?? "")) return;
      const file = fileOf(e.clipboardData);
      if (!file) return toast.failed(new Error(pageText.importNothing));
      e.preventDefault();
      latest.current(file);
    };
    addEventListener("paste", onPaste);
    return () => removeEventListener("paste", onPaste);
  }, [active]);
  const enter = (by: number) => (e: React.DragEvent) => {
    if (!e.dataTransfer.types.includes("Files")) return;
    depth.current = Math.max(0, depth.current + by);
    setOver(depth.current > 0);
  };
  if (!active) return { over: false, handlers: {} };
  return {
    over,
    handlers: {
      onDragEnter: enter(1),
      onDragLeave: enter(-1),
      onDragOver: (e: React.DragEvent) => e.preventDefault(),
      onDrop: (e: React.DragEvent) => {
        e.preventDefault();
        depth.current = 0;
        setOver(false);
        const file = e.dataTransfer.files[0];
        if (file) latest.current(file);
      },
    },
  };
}
