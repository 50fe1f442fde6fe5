import { useEffect, useRef, useSyncExternalStore } from "react";

export interface Shortcut {
  keys: string; // "mod+enter", "g q" is not one: single chords only
  label: string;
  group: string; // the page's title
  inFields?: boolean; // also while something is typed
}

interface Bound extends Shortcut {
  run: (event: KeyboardEvent) => void;
}

let bound: Bound[] = [];
const listeners = new Set<() => void>();

function change(next: Bound[]) {
  bound = next;
  for (const listener of listeners) listener();
}

/** chordOf writes what was pressed like a shortcut: "mod+enter", "shift+arrowup", "?". */
export function chordOf(event: KeyboardEvent): string {
  const key = event.key.toLowerCase();
  const mod = event.ctrlKey || event.metaKey;
  const typed = event.key.length === 1 && !mod; // "?" says its Shift itself
  return [mod ? "mod" : "", event.altKey ? "alt" : "", event.shiftKey && !typed ? "shift" : "", key].filter(Boolean).join("+");
}

const typing = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** acts: Enter and Space on it do what it is there for. */
const acts = (target: EventTarget | null) => target instanceof Element && target.closest("button, a[href], summary") !== null;

// Over the page stands a dialog, or a menu, in which letters look for an entry.
const isCovered = () => document.querySelector('[role="dialog"][data-state="open"], [role="menu"][data-state="open"]') !== null;

// The page itself waits for what stands over it, unlike beside a small surface that belongs to it.
const isBehind = () => document.querySelector('[data-modal][data-state="open"]') !== null;

function onKeyDown(event: KeyboardEvent) {
  if (event.defaultPrevented || event.isComposing) return;
  const chord = chordOf(event);
  // Chords with Ctrl come before what has the focus, the others after it; Enter and Space on a button are the button's.
  if ((chord === "enter" || chord === " ") && acts(event.target)) return;
  if (chord.startsWith("mod+") !== (event.eventPhase === Event.CAPTURING_PHASE)) return;
  const inField = typing(event.target);
  // The newest binding wins: a layer over the page has its own.
  for (const s of [...bound].reverse()) {
    if (s.keys !== chord || (inField && !s.inFields)) continue;
    if (s.group !== "dialog" && (s.inFields ? isBehind() : isCovered())) continue;
    event.preventDefault();
    s.run(event);
    return;
  }
}

/** useShortcuts binds keys while a component is shown, and lists them in the dialog that "?" opens. */
export function useShortcuts(shortcuts: (Shortcut & { run: (event: KeyboardEvent) => void })[], active = true) {
  const latest = useRef(shortcuts);
  latest.current = shortcuts;
  const names = shortcuts.map((s) => s.keys).join(" ");
  // biome-ignore lint/correctness/useExhaustiveDependencies: bound again only when the keys change
  useEffect(() => {
    if (!active) return;
    const mine = latest.current.map((s, i) => ({ ...s, run: (e: KeyboardEvent) => latest.current[i]?.run(e) }));
    change([...bound, ...mine]);
    return () => change(bound.filter((s) => !mine.includes(s)));
  }, [names, active]);
}

export const useBoundShortcuts = (): Shortcut[] =>
  useSyncExternalStore(
    (on) => {
      listeners.add(on);
      return () => void listeners.delete(on);
    },
    () => bound,
  );

export function startShortcuts() {
  document.addEventListener("keydown", onKeyDown, true);
  document.addEventListener("keydown", onKeyDown);
  return () => {
    document.removeEventListener("keydown", onKeyDown, true);
    document.removeEventListener("keydown", onKeyDown);
  };
}
