import { t } from "@/text";

const types = [
  [/\bmust be float\b/, t.errors.mustBe.float],
  [/\bmust be int\b/, t.errors.mustBe.int],
  [/\bmust be bool\b/, t.errors.mustBe.bool],
  [/\bmust be (?:string|text)\b/, t.errors.mustBe.text],
] as const;

/** inWords is a message of the server as a sentence: types by their words, and a capital at the front where it begins with a word. */
export function inWords(message: string): string {
  const plain = types.reduce((text, [type, words]) => text.replace(type, words), message);
  return /^(?!easel )[a-z]+(?: |, |: )/.test(plain) ? plain[0]?.toUpperCase() + plain.slice(1) : plain;
}

// What a hint says to who types commands or calls: a flag, a command, a path of the API.
const typed = /(?:^|\s)--[a-z]|\beasel [a-z]|\b(?:GET|POST|PUT|PATCH|DELETE) \//;

/** pageHint is what a hint of the server says to a person at a page: its parts in words, and where in the form to help. */
export function pageHint(hint: string | undefined, parameter?: string | null): string {
  if (!hint) return "";
  const parts = hint.split("; ");
  const words = parts.filter((part) => !typed.test(part));
  if (words.length < parts.length && parameter) words.unshift(t.errors.changeField(parameter.replace(/_/g, " ")));
  return inWords(words.join("; "));
}
