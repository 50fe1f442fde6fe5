import { cx } from "./cx";

const mac = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.platform);
const names: Record<string, string> = {
  mod: mac ? "⌘" : "Ctrl",
  shift: mac ? "⇧" : "Shift",
  alt: mac ? "⌥" : "Alt",
  enter: "↵",
  escape: "Esc",
  arrowleft: "←",
  arrowright: "→",
  arrowup: "↑",
  arrowdown: "↓",
  " ": "Space",
};

/** keyName is how a key is written on this system: "mod+enter" is "Ctrl ↵". */
export const keyName = (keys: string) =>
  keys
    .split("+")
    .map((k) => names[k] ?? (k.length === 1 ? k.toUpperCase() : k))
    .join(" ");

/** Keys shows a shortcut. */
export function Keys({ keys, className }: { keys: string; className?: string }) {
  return <kbd className={cx("rounded-sm border border-line px-1 font-sans text-muted text-xs leading-4", className)}>{keyName(keys)}</kbd>;
}
