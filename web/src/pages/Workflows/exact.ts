// Numbers in requests, exact to the digit: JavaScript's own end at 2^53.

const mark = "\u0000number:";

/** exact is a number as it was typed, for writeExact. */
export const exact = (text: string) => mark + text;

/** writeExact is JSON.stringify that writes exact numbers as they were typed. */
export const writeExact = (value: unknown) => JSON.stringify(value).replace(/"\\u0000number:([^"]+)"/g, "$1");

/** asNumber is the number that a text is, in JSON's form, or undefined: "0,5" and "+3" are meant well. */
export function asNumber(text: string): string | undefined {
  const plain = text
    .trim()
    .replace(",", ".")
    .replace(/^\+/, "")
    .replace(/^(-?)\./, "$10.")
    .replace(/\.$/, "");
  return /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(plain) ? plain : undefined;
}

/** readValue is what a typed text means: a number, true, false, a list, or the text. */
export function readValue(text: string): unknown {
  const number = asNumber(text);
  if (number !== undefined) return exact(number);
  if (text === "true" || text === "false") return text === "true";
  if (/^\s*[[{"]/.test(text)) {
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }
  return text;
}

/** showValue is the text that readValue reads back. */
export function showValue(value: unknown): string {
  if (typeof value !== "string") return value === undefined || value === null ? "" : JSON.stringify(value);
  return value;
}
