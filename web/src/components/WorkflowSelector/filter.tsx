import { Search as SearchIcon } from "lucide-react";
import { type ReactNode, useMemo, useState } from "react";
import type { Workflow } from "@/api/types";
import { t } from "@/text";
import { cx } from "@/ui/cx";
import { Segments } from "@/ui/segments";
import { Select } from "@/ui/select";
import { familiesOf, find, type Search } from "./find";

const everything: Search = { words: "", category: "", family: "" };

/** useWorkflowSearch is a search in a list of workflows, and what it finds. */
export function useWorkflowSearch(workflows: Workflow[]) {
  const [search, setSearch] = useState(everything);
  const found = useMemo(() => find(workflows, search), [workflows, search]);
  return { search, setSearch, found, clear: () => setSearch(everything) };
}

interface WorkflowFilterProps {
  workflows: Workflow[];
  search: Search;
  onChange: (search: Search) => void;
  children?: ReactNode; // further choices, beside the family
  className?: string;
}

/** WorkflowFilter finds workflows by words, category and family. */
export function WorkflowFilter({ workflows, search, onChange, children, className }: WorkflowFilterProps) {
  const categories = [...new Set(workflows.map((w) => w.category ?? ""))].filter(Boolean);
  return (
    <div className={cx("sticky top-0 z-10 grid grid-cols-[minmax(0,1fr)] gap-2", className)}>
      <label className="relative block">
        <SearchIcon className="pointer-events-none absolute top-2 left-2.5 size-4 text-muted" aria-hidden />
        <input
          type="search"
          aria-label={t.generate.searchWorkflows}
          placeholder={t.generate.searchWorkflows}
          value={search.words}
          onChange={(e) => onChange({ ...search, words: e.target.value })}
          className="field-box pl-8"
        />
      </label>
      <div className="flex flex-wrap items-center gap-2">
        <Segments
          label={t.generate.category}
          value={search.category || "all"}
          onChange={(v) => onChange({ ...search, category: v === "all" ? "" : v, family: "" })}
          options={[
            { value: "all", label: t.generate.allCategories },
            ...categories.map((c) => ({ value: c, label: t.generate.categories[c] ?? c })),
          ]}
        />
        <Select
          aria-label={t.generate.family}
          value={search.family}
          onChange={(e) => onChange({ ...search, family: e.target.value })}
          className="min-w-36 max-w-48 flex-1"
        >
          <option value="">{t.generate.allFamilies}</option>
          {familiesOf(workflows, search.category).map((f) => (
            <option key={f}>{f}</option>
          ))}
        </Select>
        {children}
      </div>
    </div>
  );
}
