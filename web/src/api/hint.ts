import { t } from "@/text";

// What a hint says to who types commands or calls: a flag, a command, a path of the API.
const typed = /(?:^|\s)--[a-z]|\beasel [a-z]|\b(?:GET|POST|PUT|PATCH|DELETE) \//;

/** pageHint is what a hint of the server says to a person at a page: its parts in words, and where in the form to help. */
export function pageHint(hint: string | undefined, parameter?: string | null): string {
  if (!hint) return "";
  const parts = hint.split("; ");
  const words = parts.filter((part) => !typed.test(part));
  if (words.length < parts.length && parameter) words.unshift(t.errors.changeField(parameter.replace(/_/g, " ")));
  return words.join("; ");
}
