import { labelOf } from "@/components/ParameterControls/kinds";
import { t } from "@/text";

// What the registry and a backend have against a value, by what a person reads at its field.
const phrases: [RegExp, (...found: string[]) => string][] = [
  [/\bmust be float\b/, () => t.errors.mustBe.float],
  [/\bmust be int\b/, () => t.errors.mustBe.int],
  [/\bmust be bool\b/, () => t.errors.mustBe.bool],
  [/\bmust be (?:string|text)\b/, () => t.errors.mustBe.text],
];
const ofParameter: typeof phrases = [
  ...phrases,
  [/^must be WIDTHxHEIGHT in pixels, like (\S+)$/, (like) => t.errors.mustBe.size(like)],
  [/^below minimum (\S+)$/, (min) => t.errors.atLeast(min)],
  [/^above maximum (\S+)$/, (max) => t.errors.atMost(max)],
  [/^below the server's minimum (\S+)$/, (min) => t.errors.backendAtLeast(min)],
  [/^above the server's maximum (\S+)$/, (max) => t.errors.backendAtMost(max)],
  [/^longer than (\d+) characters$/, (n) => t.errors.mostCharacters(n)],
  [/^takes at most (\d+) file\(s\)$/, (n) => t.errors.mostFiles(n)],
  [/^has no choice '(.*)'$/s, (value) => t.errors.noChoice(value)],
  [/^the server does not have "(.*)"$/s, (value) => t.errors.backendLacks(value)],
  [/^does not match (.+)$/s, (pattern) => t.errors.form(pattern)],
  [/^names no file$/, () => t.errors.noFile],
  [/^is required$/, () => t.errors.needed],
  [/^(?:not supported|does not exist)$/, () => t.errors.notOfWorkflow],
];

const say = (list: typeof phrases, message: string) =>
  list.reduce((text, [form, words]) => text.replace(form, (_, ...found) => words(...found)), message);
const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** told takes apart what is said of a parameter, and of how many more: "workflow x: Parameter 'steps' above maximum 10 (and 1 more)". */
function told(message: string) {
  const [, name, what, more = ""] = /^(?:workflow \S+: )?Parameter '([^']+)':? (.+?)( \(and \d+ more\))?$/s.exec(message) ?? [];
  return name && what ? { name, what: say(ofParameter, what), more } : undefined;
}

/** inWords is a message of the server as a sentence: "Steps: at most 10", and a capital at the front where it begins with a word. */
export function inWords(message: string): string {
  const of = told(message);
  if (of) return t.errors.about(labelOf({ name: of.name }), of.what) + of.more;
  const plain = say(phrases, message);
  return /^(?!easel )[a-z]+(?: |, |: )/.test(plain) ? capital(plain) : plain;
}

/** atField is a message as it stands at the field that it is about, which says its name already: "At most 10". */
export function atField(message: string): string {
  const of = told(message);
  return of ? capital(of.what) : inWords(message);
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
