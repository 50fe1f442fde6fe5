import { Plus, X } from "lucide-react";
import { useId } from "react";
import { workflows as pageText } from "@/text/en/workflows";
import { Button, IconButton } from "@/ui/button";
import { readValue, showValue } from "./exact";

export interface Line {
  key: number;
  name: string;
  text: string;
}

let next = 0;
export const lineOf = (name = "", text = ""): Line => ({ key: next++, name, text });

/** linesOf are the values of an object as lines to edit. */
export const linesOf = (values: Record<string, unknown> | undefined): Line[] =>
  Object.entries(values ?? {}).map(([name, value]) => lineOf(name, showValue(value)));

/** valuesOf reads lines back; those without a name or a value are none. */
export const valuesOf = (lines: Line[]): Record<string, unknown> =>
  Object.fromEntries(lines.filter((l) => l.name.trim() !== "" && l.text !== "").map((l) => [l.name.trim(), readValue(l.text)]));

/** twice is a name that two lines have. */
export const twice = (lines: Line[]): string | undefined => {
  const names = lines.map((l) => l.name.trim()).filter(Boolean);
  return names.find((n, i) => names.indexOf(n) !== i);
};

interface Props {
  label: string;
  hint?: string;
  lines: Line[];
  onChange: (lines: Line[]) => void;
  known: string[]; // names to choose from
  problems?: Record<string, string>; // by name
}

/** NamedValues edits values by the names of parameters. */
export function NamedValues({ label, hint, lines, onChange, known, problems = {} }: Props) {
  const id = useId();
  const change = (key: number, more: Partial<Line>) => onChange(lines.map((l) => (l.key === key ? { ...l, ...more } : l)));
  const double = twice(lines);
  return (
    <fieldset className="grid gap-2">
      <legend className="mb-1 font-medium">{label}</legend>
      {hint && <p className="-mt-1 text-muted text-sm">{hint}</p>}
      <datalist id={id}>
        {known.map((n) => (
          <option key={n} value={n} />
        ))}
      </datalist>
      {lines.map((l, i) => {
        const problem =
          problems[l.name.trim()] ?? (double !== undefined && l.name.trim() === double ? pageText.values.twice(double) : undefined);
        return (
          <div key={l.key} className="grid gap-1">
            <div className="flex gap-2">
              <input
                aria-label={pageText.values.nameOf(i + 1)}
                placeholder={pageText.values.name}
                list={id}
                autoComplete="off"
                spellCheck={false}
                aria-invalid={problem ? true : undefined}
                className="field-box flex-1"
                value={l.name}
                onChange={(e) => change(l.key, { name: e.target.value })}
              />
              <input
                aria-label={pageText.values.valueOf(i + 1)}
                placeholder={pageText.values.value}
                autoComplete="off"
                className="field-box flex-1"
                value={l.text}
                onChange={(e) => change(l.key, { text: e.target.value })}
              />
              <IconButton label={pageText.values.remove(l.name)} onClick={() => onChange(lines.filter((o) => o.key !== l.key))}>
                <X />
              </IconButton>
            </div>
            {problem && <p className="text-bad text-sm">{problem}</p>}
          </div>
        );
      })}
      <Button look="quiet" size="sm" className="justify-self-start text-accent" onClick={() => onChange([...lines, lineOf()])}>
        <Plus />
        {pageText.values.add}
      </Button>
    </fieldset>
  );
}
