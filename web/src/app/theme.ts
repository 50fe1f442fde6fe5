import { useSyncExternalStore } from "react";

export type Theme = "system" | "light" | "dark";

const slot = "easel.theme"; // public/theme.js reads it before the first paint
const listeners = new Set<() => void>();

export function getTheme(): Theme {
  const set = document.documentElement.dataset.theme;
  return set === "light" || set === "dark" ? set : "system";
}

export function setTheme(theme: Theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    if (theme === "system") localStorage.removeItem(slot);
    else localStorage.setItem(slot, theme);
  } catch {
    // it holds until the page is closed
  }
  for (const listener of listeners) listener();
}

export const useTheme = () =>
  useSyncExternalStore((on) => {
    listeners.add(on);
    return () => void listeners.delete(on);
  }, getTheme);
