import type { Input } from "@/api/types";
import { rangeOf } from "@/components/ParameterControls/kinds";
import { t } from "@/text";

/**
 * wrongValues says of each value of a sweep what the parameter has against it; a range has its ends looked at.
 * What cannot be read is left to the server, which says more of it.
 */
export function wrongValues(input: Input, text: string): string[] {
  return valuesOf(input, text).flatMap((value) => {
    const wrong = judge(input, value);
    return wrong ? [t.generate.sweepWrong(value, wrong)] : [];
  });
}

const isNumber = (input: Input) => input.type === "int" || input.type === "float";
const decimal = /^[-+]?(\d+\.?\d*|\.\d+)$/;

function judge(input: Input, value: string): string | undefined {
  if (input.type === "enum" && input.choices_state === "registry" && input.choices?.length) {
    return input.choices.includes(value) ? undefined : t.generate.noChoice;
  }
  if (!isNumber(input)) return undefined;
  const n = Number(value);
  if (!decimal.test(value) || (input.type === "int" && !Number.isInteger(n)))
    return input.type === "int" ? t.errors.mustBe.int : t.errors.mustBe.float;
  const { min, max } = rangeOf(input);
  if (n < min) return t.errors.atLeast(String(min));
  if (n > max) return t.errors.atMost(String(max));
  return undefined;
}

/** valuesOf are the values as they were written, of ranges the two ends. */
function valuesOf(input: Input, text: string): string[] {
  const written = text.trim().startsWith("[") ? listOf(text) : text.split(",").map((part) => part.trim());
  return written.filter((part) => part !== "").flatMap((part) => (isNumber(input) ? endsOf(part) : [part]));
}

function listOf(json: string): string[] {
  try {
    const list: unknown = JSON.parse(json);
    return Array.isArray(list) ? list.map((v) => (typeof v === "string" ? v : JSON.stringify(v))) : [];
  } catch {
    return []; // it is still being typed
  }
}

/** endsOf are the first and the last value of a range: 1..8 counts by one, 2:8:2 by a step that may pass its end. */
function endsOf(part: string): string[] {
  const [first = "", last, by, more] = part.includes("..") ? part.split("..") : part.split(":");
  if (last === undefined) return [part];
  const [from, to, step] = [first, last, by ?? "1"].map((s) => (decimal.test(s.trim()) ? Number(s) : Number.NaN)) as [
    number,
    number,
    number,
  ];
  const steps = Math.abs((to - from) / step);
  if (more !== undefined || !Number.isFinite(steps)) return []; // half a range, or none: the server says so
  const end = from + Math.sign(to - from) * Math.abs(step) * Math.floor(steps + 1e-9);
  return from === end ? [first.trim()] : [first.trim(), String(Number(end.toFixed(9)))];
}
