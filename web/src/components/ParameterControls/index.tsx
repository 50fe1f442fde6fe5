import { ChevronRight } from "lucide-react";
import { memo, useState, useSyncExternalStore } from "react";
import type { Input } from "@/api/types";
import { t } from "@/text";
import { cx } from "@/ui/cx";
import { Control } from "./controls";
import type { Layout } from "./kinds";
import { SizeControl } from "./size-control";
import { useValues } from "./values";

/** ParameterControls is the form of a workflow's parameters, generated from its schema: size, groups, advanced ones folded. */
export const ParameterControls = memo(function ParameterControls({ layout }: { layout: Layout }) {
  const groups = layout.groups;
  const sizeGroup = layout.size?.width.group;
  const rest = groups.find((g) => g.name === sizeGroup && sizeGroup !== undefined);
  return (
    <>
      {(layout.size || rest) && (
        <Group name={sizeGroup ?? t.generate.size}>
          {layout.size && <SizeControl width={layout.size.width} height={layout.size.height} />}
          {rest?.inputs.map((i) => (
            <Control key={i.name} input={i} />
          ))}
        </Group>
      )}
      {groups
        .filter((g) => g !== rest)
        .map((g) => (
          <Group key={g.name} name={g.name || t.generate.otherGroup}>
            {g.inputs.map((i) => (
              <Control key={i.name} input={i} />
            ))}
          </Group>
        ))}
      {layout.advanced.length > 0 && <Advanced inputs={layout.advanced} />}
    </>
  );
});

function Group({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <section aria-label={name} className="grid gap-2 border-line border-t py-3">
      <h2 className="font-semibold text-muted text-sm">{name}</h2>
      {children}
    </section>
  );
}

/** useChanged counts the inputs that were set. */
function useChanged(inputs: Input[]): number {
  const values = useValues();
  return useSyncExternalStore(
    (on) => {
      const offs = inputs.map((i) => values.subscribe(i.name, on));
      return () => {
        for (const off of offs) off();
      };
    },
    () => inputs.filter((i) => values.get(i.name) !== undefined || values.problem(i.name)).length,
  );
}

function Advanced({ inputs }: { inputs: Input[] }) {
  const [open, setOpen] = useState(false);
  const changed = useChanged(inputs);
  const values = useValues();
  const broken = inputs.some((i) => values.problem(i.name));
  const shown = open || broken;
  return (
    <section aria-label={t.generate.advanced} className="border-line border-t py-1.5">
      <button
        type="button"
        aria-expanded={shown}
        onClick={() => setOpen(!shown)}
        className="flex h-8 w-full items-center gap-1 rounded-md font-semibold text-muted text-sm hover:text-text"
      >
        <ChevronRight className={cx("size-4 transition-transform", shown && "rotate-90")} aria-hidden />
        {t.generate.advanced}
        {changed > 0 && <span className="ml-1 font-normal text-accent">{t.generate.changedIn(changed)}</span>}
      </button>
      {shown && (
        <div className="grid gap-2 pt-1 pb-2">
          {inputs.map((i) => (
            <Control key={i.name} input={i} />
          ))}
        </div>
      )}
    </section>
  );
}
