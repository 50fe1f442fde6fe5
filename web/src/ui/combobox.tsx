import { ChevronsUpDown } from "lucide-react";
import { useId, useMemo, useRef, useState } from "react";
import { cx } from "./cx";
import type { FieldIds } from "./field";
import { Popover } from "./popover";

interface ComboboxProps extends Partial<FieldIds> {
  "aria-labelledby"?: string;
  value: string;
  onChange: (value: string) => void;
  options: string[];
  label: string;
  placeholder: string;
  search: string; // placeholder of the search
  nothing: string; // what is said when nothing fits
  free?: (typed: string) => string; // a row that takes what was typed
}

const shown = 200; // more are found by typing

/** Combobox chooses one of a long list by typing a part of it. */
export function Combobox({ value, onChange, options, label, placeholder, search, nothing, free, ...ids }: ComboboxProps) {
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const list = useId();
  const box = useRef<HTMLDivElement>(null);
  const found = useMemo(() => {
    const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
    const fit = options.filter((o) => words.every((w) => o.toLowerCase().includes(w))).slice(0, shown);
    return free && typed.trim() && !options.includes(typed.trim()) ? [...fit, typed.trim()] : fit;
  }, [options, typed, free]);
  const choose = (option: string | undefined) => {
    if (option === undefined) return;
    onChange(option);
    setOpen(false);
  };
  const move = (to: number) => {
    const next = Math.max(0, Math.min(found.length - 1, to));
    setAt(next);
    box.current?.children[next]?.scrollIntoView({ block: "nearest" });
  };
  return (
    <Popover
      open={open}
      onOpenChange={(o) => {
        setOpen(o);
        setTyped("");
        setAt(Math.max(0, options.indexOf(value)));
      }}
      label={label}
      className="w-[var(--radix-popover-trigger-width)] min-w-60 p-0"
      trigger={
        <button
          type="button"
          {...ids}
          aria-labelledby={ids["aria-labelledby"] && `${ids["aria-labelledby"]} ${ids.id}`}
          className="field-box flex items-center gap-2 text-left"
        >
          <span className={cx("flex-1 truncate", !value && "text-muted")}>{value || placeholder}</span>
          <ChevronsUpDown className="size-4 text-muted" aria-hidden />
        </button>
      }
    >
      <input
        // biome-ignore lint/a11y/noAutofocus: the list was opened to be searched
        autoFocus
        role="combobox"
        aria-label={search}
        aria-expanded
        aria-controls={list}
        aria-activedescendant={found[at] !== undefined ? `${list}-${at}` : undefined}
        placeholder={search}
        value={typed}
        onChange={(e) => {
          setTyped(e.target.value);
          setAt(0);
        }}
        onKeyDown={(e) => {
          if (e.key === "ArrowDown") move(at + 1);
          else if (e.key === "ArrowUp") move(at - 1);
          else if (e.key === "Enter") choose(found[at]);
          else return;
          e.preventDefault();
        }}
        className="w-full border-line border-b bg-transparent px-3 py-2 outline-none"
      />
      <div ref={box} id={list} role="listbox" aria-label={label} className="scroll max-h-64 p-1">
        {found.map((option, i) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the input's
          // biome-ignore lint/a11y/useFocusableInteractive: the input names it as active
          <div
            key={option}
            id={`${list}-${i}`}
            role="option"
            aria-selected={option === value}
            onClick={() => choose(option)}
            onPointerMove={() => setAt(i)}
            className={cx("truncate rounded-md px-2 py-1.5", i === at && "bg-hover", option === value && "text-accent")}
          >
            {free && option === typed.trim() && !options.includes(option) ? free(option) : option}
          </div>
        ))}
      </div>
      {found.length === 0 && <p className="px-3 pb-3 text-muted">{nothing}</p>}
    </Popover>
  );
}
