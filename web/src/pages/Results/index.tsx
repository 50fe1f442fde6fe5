import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { ArrowUp, CheckSquare, Images, SearchX } from "lucide-react";
import { useCallback, useMemo, useRef, useState } from "react";
import type { Output } from "@/api/client";
import { queries } from "@/api/queries";
import { Page } from "@/app/shell";
import { useShortcuts } from "@/app/shortcuts";
import { Waiting } from "@/app/waiting";
import { t } from "@/text";
import { count } from "@/text/format";
import { Button, buttonLook, IconButton } from "@/ui/button";
import { Empty, Failed } from "@/ui/empty";
import { toast } from "@/ui/toast";
import { Compare } from "./compare";
import { download, setFavourite, useResults } from "./data";
import { type Filter, filterOf, isFiltered, type ResultsSearch } from "./filter";
import { FilterBar, SearchField } from "./filter-bar";
import { focusTile, Gallery, stayAmongResults } from "./gallery";
import { type ItemActions, Lightbox } from "./lightbox";
import { RemoveMany, useRemoval } from "./remove-many";
import { useSelection } from "./selection";
import { pairIn, SelectionBar } from "./selection-bar";
import { isSwept } from "./sweep";
import { SweepView } from "./sweep-view";
import { patience, trash } from "./trash";

function useItemActions(open: (change: Partial<ResultsSearch>) => void): ItemActions {
  const navigate = useNavigate();
  return useMemo(
    () => ({
      favourite: (items) => void setFavourite(items, !items.every((o) => o.favourite)),
      download: (items) =>
        void download(items).then(
          (n) => n > 1 && toast.done(t.results.downloading(n)),
          (error) => toast.failed(error),
        ),
      use: (o) => void navigate({ to: "/generate", search: { image: o.id } }),
      again: (o) => void navigate({ to: "/generate", search: { job: o.job_id } }),
      compare: (a, b) => open({ compare: `${a.id},${b.id}` }),
      sweep: (o) => isSwept(o) && open({ sweep: o.batch_id ?? undefined, open: undefined }),
      remove: (items) => {
        const undo = trash.put(
          items.map((o) => o.id),
          (error) => toast.failed(error),
        );
        toast.done(t.results.deleted(items.length), { label: t.app.undo, onClick: undo, within: patience });
      },
    }),
    [navigate, open],
  );
}

const pairOf = (compare: string | undefined): [string, string] | undefined => {
  const [a, b] = compare?.split(",") ?? [];
  return a && b ? [a, b] : undefined;
};

/** Results shows what was made, and what can be done with it. */
export function Results() {
  const search = useSearch({ from: "/results" });
  const navigate = useNavigate();
  const go = useCallback(
    (change: Partial<ResultsSearch>, replace = false) =>
      void navigate({ to: "/results", search: (now: ResultsSearch) => ({ ...now, ...change }), replace }),
    [navigate],
  );
  const actions = useItemActions(go);
  const [inGrid, setInGrid] = useState<Output[]>([]);
  const opened = useRef<string | undefined>(undefined);
  const nothing = useCallback(() => {}, []);
  // Walking through the lightbox is one step back, not many.
  const open = useCallback(
    (id: string | undefined) => {
      opened.current = id ?? opened.current;
      go({ open: id }, true);
    },
    [go],
  );
  return (
    <>
      {search.sweep ? (
        <>
          <SweepView
            batch={search.sweep}
            onOpen={(id, items) => {
              setInGrid(items);
              opened.current = id;
              go({ open: id });
            }}
            actions={actions}
          />
          <Lightbox
            id={search.open}
            items={inGrid}
            total={count(inGrid.length)}
            onOpen={open}
            onClosed={() => {
              stayAmongResults();
              return opened.current !== undefined && focusTile(opened.current);
            }}
            onEnd={nothing}
            actions={actions}
          />
        </>
      ) : (
        <Library search={search} go={go} open={open} opened={opened} actions={actions} />
      )}
      <Compare
        ids={pairOf(search.compare)}
        onChange={(ids) => go({ compare: ids?.join(",") }, true)}
        onClosed={() => {
          stayAmongResults(); // what was there before may be gone, such as the lightbox
          return false;
        }}
      />
    </>
  );
}

interface LibraryProps {
  search: ResultsSearch;
  go: (change: Partial<ResultsSearch>, replace?: boolean) => void;
  open: (id: string | undefined) => void;
  opened: React.RefObject<string | undefined>;
  actions: ItemActions;
}

function Library({ search, go, open, opened, actions }: LibraryProps) {
  const key = JSON.stringify(filterOf(search));
  const filter = useMemo(() => JSON.parse(key) as Filter, [key]);
  const top = useRef<HTMLDivElement>(null);
  const atTop = () => (top.current?.closest("main")?.scrollTop ?? 0) < 200;
  const results = useResults(filter, atTop);
  const { items } = results;
  const selection = useSelection();
  const [mode, setMode] = useState(false);
  const selecting = mode || selection.ids.length > 0;
  const [active, setActive] = useState<string>();
  const chosen = useMemo(() => {
    const by = new Map(items.map((o) => [o.id, o]));
    return selection.ids.map((id) => by.get(id)).filter((o) => o !== undefined);
  }, [items, selection.ids]);

  const { hasMore, loadMore, isLoadingMore } = results;
  const more = useCallback(() => {
    if (hasMore && !isLoadingMore) loadMore();
  }, [hasMore, isLoadingMore, loadMore]);

  const removed = useCallback(
    (gone: Output[]) => {
      const ids = new Set(gone.map((o) => o.id));
      const at = items.findIndex((o) => ids.has(o.id));
      const next = items.slice(at).find((o) => !ids.has(o.id)) ?? items.findLast((o) => !ids.has(o.id));
      selection.clear();
      actions.remove(gone);
      if (next) setActive(next.id);
      stayAmongResults();
    },
    [items, selection, actions],
  );
  const { remove, asking } = useRemoval(removed);

  // What keys act on: what is selected, or the result that has the keyboard.
  const meant = (): Output[] => {
    if (chosen.length > 0) return chosen;
    const id = document.activeElement?.id.replace(/^result-/, "");
    const o = items.find((i) => i.id === id);
    return o ? [o] : [];
  };
  const withOne = (run: (o: Output) => void) => () => {
    const [o, second] = meant();
    if (o && !second) run(o);
  };
  const withAll = (run: (items: Output[]) => void) => () => {
    const all = meant();
    if (all.length > 0) run(all);
  };
  const compare = () => {
    const pair = pairIn(chosen);
    if (pair) actions.compare(...pair);
  };
  const group = t.results.title;
  useShortcuts([
    { keys: "enter", label: t.results.open, group, run: withOne((o) => open(o.id)) },
    { keys: " ", label: t.results.keys.toggle, group, run: () => {} },
    { keys: "mod+a", label: t.results.keys.all, group, run: () => selection.add(items.map((o) => o.id)) },
    {
      keys: "escape",
      label: t.results.clearSelection,
      group,
      run: () => {
        selection.clear();
        setMode(false);
        stayAmongResults();
      },
    },
    { keys: "f", label: t.results.favourite, group, run: withAll(actions.favourite) },
    { keys: "d", label: t.results.download, group, run: withAll(actions.download) },
    { keys: "i", label: t.results.use, group, run: withOne((o) => o.kind === "image" && actions.use(o)) },
    { keys: "r", label: t.results.again, group, run: withOne(actions.again) },
    { keys: "c", label: t.results.compare, group, run: compare },
    { keys: "g", label: t.results.showSweep, group, run: withOne(actions.sweep) },
    { keys: "delete", label: t.results.delete, group, run: withAll(remove) },
    { keys: "backspace", label: t.results.delete, group, run: withAll(remove) },
  ]);

  const tileActions = useMemo(
    () => ({
      open: (o: Output) => open(o.id),
      favourite: (o: Output) => actions.favourite([o]),
      download: (o: Output) => actions.download([o]),
      use: actions.use,
      sweep: actions.sweep,
    }),
    [open, actions],
  );
  const change = useCallback(
    (c: Partial<Filter>) => {
      if (c.batch === undefined && "batch" in c) stayAmongResults(); // what took it away goes too
      go(c, "q" in c);
    },
    [go],
  );
  const filtered = isFiltered(filter);
  const clear = () => {
    stayAmongResults();
    go({
      q: undefined,
      workflow: undefined,
      character: undefined,
      kind: undefined,
      favourite: undefined,
      when: undefined,
      from: undefined,
      to: undefined,
      batch: undefined,
    });
  };
  const any = items.length > 0;
  const total = hasMore ? `${count(items.length)}+` : count(items.length);

  return (
    <Page
      title={t.results.title}
      wide
      actions={
        (any || filtered || results.isLoading) && (
          <div className="flex w-full flex-col-reverse gap-2 lg:w-auto lg:flex-row lg:items-center">
            <FilterBar filter={filter} onChange={change} onClear={filtered ? clear : undefined} />
            <div className="flex min-w-0 items-center gap-1">
              <SearchField filter={filter} onChange={change} />
              <IconButton
                label={selecting ? t.results.selecting : t.results.select}
                words={selecting ? t.results.selecting : t.results.select}
                aria-pressed={selecting}
                onClick={() => {
                  selection.clear();
                  setMode(!selecting);
                }}
              >
                <CheckSquare />
              </IconButton>
            </div>
          </div>
        )
      }
    >
      <div ref={top} />
      {results.isLoading && <Waiting />}
      {results.error && !any && <Failed error={results.error} onRetry={results.retry} />}
      {!any && !results.isLoading && !results.error && (filtered ? <Nothing onClear={clear} /> : <FirstTime />)}
      {results.fresh > 0 && (
        <div className="pointer-events-none sticky top-16 z-10 flex h-0 justify-center">
          <Button
            look="primary"
            className="pointer-events-auto rounded-full shadow-float"
            onClick={() => {
              top.current?.closest("main")?.scrollTo({ top: 0 });
              results.showFresh();
              stayAmongResults();
            }}
          >
            <ArrowUp aria-hidden />
            {t.results.fresh(results.fresh)}
          </Button>
        </div>
      )}
      {any && (
        <>
          <Gallery
            items={items}
            selection={selection}
            selecting={selecting}
            actions={tileActions}
            active={active}
            onActive={setActive}
            hasMore={hasMore}
            loadMore={more}
          />
          <p className="py-6 text-center text-muted text-sm" role="status">
            {hasMore ? t.results.loadingMore : items.length > 12 && t.results.end(count(items.length))}
          </p>
        </>
      )}
      {selecting && (
        <SelectionBar
          selection={selection}
          chosen={chosen}
          onRemove={() => remove(chosen)}
          onDone={() => {
            setMode(false);
            stayAmongResults();
          }}
          actions={actions}
        />
      )}
      <RemoveMany {...asking} />
      <Lightbox
        id={search.open}
        items={items}
        total={total}
        onOpen={open}
        onClosed={() => {
          const id = opened.current;
          if (id) setActive(id); // its row is drawn then, wherever it is
          if (!id || !focusTile(id)) stayAmongResults();
          return true;
        }}
        onEnd={more}
        actions={actions}
      />
    </Page>
  );
}

function Nothing({ onClear }: { onClear: () => void }) {
  return (
    <Empty icon={<SearchX />} title={t.results.nothing} hint={t.results.nothingHint}>
      <Button onClick={onClear}>{t.results.clearFilters}</Button>
    </Empty>
  );
}

function FirstTime() {
  const workflows = useQuery(queries.workflows);
  const first = workflows.data?.find((w) => !w.requires_input_image && !w.requires_mask);
  return (
    <Empty icon={<Images />} title={t.results.empty} hint={t.results.emptyHint}>
      <Link to="/generate" search={first ? { workflow: first.id } : {}} className={buttonLook({ look: "primary" })}>
        {t.results.emptyAction}
      </Link>
    </Empty>
  );
}
