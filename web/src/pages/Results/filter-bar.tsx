import { useQuery } from "@tanstack/react-query";
import { CalendarDays, ChevronDown, Search, Star, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { queries } from "@/api/queries";
import { useShortcuts } from "@/app/shortcuts";
import { t } from "@/text";
import { day } from "@/text/format";
import { Button, IconButton } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Field } from "@/ui/field";
import { Menu } from "@/ui/menu";
import { Popover } from "@/ui/popover";
import { type Filter, kinds, spans } from "./filter";

interface FilterProps {
  filter: Filter;
  onChange: (change: Partial<Filter>) => void;
}

/** SearchField looks for words in prompts while they are typed. */
export function SearchField({ filter, onChange }: FilterProps) {
  const [typed, setTyped] = useState(filter.q ?? "");
  const sent = useRef(filter.q ?? "");
  const input = useRef<HTMLInputElement>(null);
  const latest = useRef(onChange);
  latest.current = onChange;
  useEffect(() => {
    // The address changed by other means: Back, or the filters were cleared.
    if ((filter.q ?? "") !== sent.current) {
      sent.current = filter.q ?? "";
      setTyped(sent.current);
    }
  }, [filter.q]);
  useEffect(() => {
    const q = typed.trim();
    if (q === sent.current) return;
    const later = setTimeout(() => {
      sent.current = q;
      latest.current({ q: q || undefined });
    }, 250);
    return () => clearTimeout(later);
  }, [typed]);
  useShortcuts([{ keys: "/", label: t.results.search, group: t.results.title, run: () => input.current?.focus() }]);
  return (
    <span className="relative block min-w-0 flex-1 lg:w-64 lg:flex-none">
      <Search className="pointer-events-none absolute top-2 left-2 size-4 text-muted" aria-hidden />
      <input
        ref={input}
        type="search"
        value={typed}
        onChange={(e) => setTyped(e.target.value)}
        onKeyDown={(e) => {
          if (e.key !== "Escape" || typed === "") return;
          e.preventDefault();
          setTyped("");
        }}
        placeholder={t.results.search}
        aria-label={t.results.search}
        className="field-box px-8 [&::-webkit-search-cancel-button]:hidden"
      />
      {typed !== "" && (
        <IconButton
          label={t.results.clearSearch}
          size="icon-sm"
          className="absolute top-0.5 right-0.5"
          onClick={() => {
            setTyped("");
            input.current?.focus();
          }}
        >
          <X />
        </IconButton>
      )}
    </span>
  );
}

const chip = (on: boolean) =>
  cx("max-w-52 font-normal", on ? "border-transparent bg-tint text-accent hover:bg-tint" : "border-transparent bg-transparent text-muted");

function Chip({ label, value, children }: { label: string; value?: string; children: (chip: React.ReactElement) => React.ReactNode }) {
  return children(
    <Button className={chip(value !== undefined)} aria-label={value === undefined ? label : `${label}: ${value}`}>
      <span className="truncate">{value ?? label}</span>
      <ChevronDown aria-hidden />
    </Button>,
  );
}

/** FilterBar narrows the gallery down. */
export function FilterBar({ filter, onChange, onClear }: FilterProps & { onClear?: () => void }) {
  const workflows = useQuery(queries.workflows);
  const characters = useQuery(queries.characters);
  const choose = (key: "workflow" | "character" | "kind", label: string, options: { value: string; label: string }[]) => {
    const value = filter[key];
    return (
      <Chip label={label} value={value === undefined ? undefined : (options.find((o) => o.value === value)?.label ?? value)}>
        {(button) => (
          <Menu
            align="start"
            items={[
              { label: t.results.any, checked: value === undefined, onSelect: () => onChange({ [key]: undefined }) },
              null,
              ...options.map((o) => ({
                label: o.label,
                checked: o.value === value,
                onSelect: () => onChange({ [key]: o.value } as Partial<Filter>),
              })),
            ]}
          >
            {button}
          </Menu>
        )}
      </Chip>
    );
  };
  const named = (list: { id: string; name?: string }[] | undefined) => (list ?? []).map((e) => ({ value: e.id, label: e.name || e.id }));
  return (
    <fieldset
      aria-label={t.results.filters}
      className="scroll -mx-4 -my-1 flex min-w-0 items-center gap-1 overflow-y-hidden px-4 py-1 [scrollbar-width:none] lg:-mx-1 lg:px-1"
    >
      {choose("workflow", t.results.workflow, named(workflows.data))}
      {(characters.data?.length ?? 0) > 0 && choose("character", t.results.character, named(characters.data))}
      {choose(
        "kind",
        t.results.kind,
        kinds.map((k) => ({ value: k, label: t.results.kinds[k] as string })),
      )}
      <DateChip filter={filter} onChange={onChange} />
      <Button
        className={chip(filter.favourite === true)}
        aria-pressed={filter.favourite === true}
        onClick={() => onChange({ favourite: filter.favourite ? undefined : true })}
      >
        <Star className={cx(filter.favourite && "fill-current")} aria-hidden />
        {t.results.favourites}
      </Button>
      {filter.batch && (
        <Button className={chip(true)} onClick={() => onChange({ batch: undefined })}>
          {t.results.batch}
          <X aria-hidden />
        </Button>
      )}
      {onClear && (
        <Button look="quiet" onClick={onClear}>
          {t.results.clearFilters}
        </Button>
      )}
    </fieldset>
  );
}

function dateText({ when, from, to }: Filter): string | undefined {
  if (when) return t.results.when[when];
  if (from && to) return from === to ? day(from) : t.results.days(day(from), day(to));
  if (from) return t.results.since(day(from));
  if (to) return t.results.until(day(to));
  return undefined;
}

function DateChip({ filter, onChange }: FilterProps) {
  const [open, setOpen] = useState(false);
  const set = (change: Pick<Filter, "when" | "from" | "to">) => onChange({ when: undefined, from: undefined, to: undefined, ...change });
  return (
    <Chip label={t.results.date} value={dateText(filter)}>
      {(button) => (
        <Popover open={open} onOpenChange={setOpen} trigger={button} label={t.results.date} className="grid w-80 gap-2">
          <div className="grid gap-0.5">
            {[undefined, ...spans].map((span) => {
              const on = filter.when === span && (span !== undefined || (!filter.from && !filter.to));
              return (
                <Button
                  key={span ?? ""}
                  look="quiet"
                  aria-pressed={on}
                  className="justify-start"
                  onClick={() => {
                    set({ when: span });
                    setOpen(false);
                  }}
                >
                  <CalendarDays aria-hidden />
                  {span ? t.results.when[span] : t.results.anyDate}
                </Button>
              );
            })}
          </div>
          <div className="grid grid-cols-2 gap-2 border-line border-t pt-2 [&_input]:min-w-0">
            <Field label={t.results.from} className="min-w-0">
              {(ids) => (
                <input
                  {...ids}
                  type="date"
                  max={filter.to}
                  value={filter.from ?? ""}
                  onChange={(e) => set({ from: e.target.value || undefined, to: filter.to })}
                  className="field-box"
                />
              )}
            </Field>
            <Field label={t.results.to} className="min-w-0">
              {(ids) => (
                <input
                  {...ids}
                  type="date"
                  min={filter.from}
                  value={filter.to ?? ""}
                  onChange={(e) => set({ from: filter.from, to: e.target.value || undefined })}
                  className="field-box"
                />
              )}
            </Field>
          </div>
        </Popover>
      )}
    </Chip>
  );
}
