import type { Input } from "@/api/types";

// Seeds have 64 bits: they are text and BigInt, never a JavaScript number.

const defaultMax = 2n ** 64n - 1n;

function big(v: number | string | undefined, otherwise: bigint): bigint {
  try {
    return v === undefined ? otherwise : BigInt(v);
  } catch {
    return otherwise;
  }
}

/** seedRange is what a seed may be; -1, which asks for a drawn one, is not of it. */
export function seedRange(input: Pick<Input, "min" | "max">): { min: bigint; max: bigint } {
  const min = big(input.min, 0n);
  return { min: min < 0n ? 0n : min, max: big(input.max, defaultMax) };
}

/** drawSeed draws a seed of a range. */
export function drawSeed(range: { min: bigint; max: bigint }, random: () => bigint = random64): string {
  return String(range.min + (random() % (range.max - range.min + 1n)));
}

function random64(): bigint {
  return crypto.getRandomValues(new BigUint64Array(1))[0] ?? 0n;
}

/** isDrawn: the server draws the seed of each run. */
export const isDrawn = (v: unknown) => v === undefined || v === null || v === "" || String(v) === "-1";

/** seedProblem says what is wrong with a seed as it was typed. */
export function seedProblem(text: string, range: { min: bigint; max: bigint }): "form" | "range" | undefined {
  if (isDrawn(text.trim())) return undefined;
  if (!/^\d+$/.test(text.trim())) return "form";
  const n = BigInt(text.trim());
  return n < range.min || n > range.max ? "range" : undefined;
}
