import { createContext, useContext, useSyncExternalStore } from "react";

/** A Picture is a file that a run takes: what was uploaded, an earlier result, or an address that the server fetches. */
export interface Picture {
  ref: string; // id of the file or result, or the address
  from: "file" | "output" | "url";
  name: string;
  type?: string; // media type
  width?: number | null;
  height?: number | null;
}

export type Value = string | number | boolean | string[] | Picture | Picture[];

export const isPicture = (v: unknown): v is Picture => typeof v === "object" && v !== null && "ref" in v;
export const picturesOf = (v: Value | undefined): Picture[] =>
  Array.isArray(v) ? (v as unknown[]).filter(isPicture) : isPicture(v) ? [v] : [];

/** Values are what a form holds, one subscription per field: a key that is pressed draws one field. Nothing is held for what was not changed. */
export interface Values {
  get(name: string): Value | undefined;
  set(name: string, value: Value | undefined): void;
  subscribe(name: string, listener: () => void): () => void;
  /** baseline is what holds when nothing is set: the character's default, or the workflow's. */
  baseline(name: string): unknown;
  /** problem is what the server, or the form itself, said about a field. */
  problem(name: string): string | undefined;
  setProblem(name: string, message: string | undefined): void;
  /** uploading is how far the file of a field is on its way to the server, 0 to 1; undefined while none is. */
  uploading(name: string): number | undefined;
  setUploading(name: string, fraction: number | undefined): void;
}

export const ValuesContext = createContext<Values | null>(null);

export function useValues(): Values {
  const values = useContext(ValuesContext);
  if (!values) throw new Error("ParameterControls stand in a ValuesContext");
  return values;
}

/** useValue is what a field was set to; undefined while its baseline holds. */
export function useValue(name: string): Value | undefined {
  const values = useValues();
  return useSyncExternalStore(
    (on) => values.subscribe(name, on),
    () => values.get(name),
  );
}

/** useIsSet is whether a field was set; unlike useValue it does not change with each key. */
export function useIsSet(name: string): boolean {
  const values = useValues();
  return useSyncExternalStore(
    (on) => values.subscribe(name, on),
    () => values.get(name) !== undefined,
  );
}

export function useUploading(name: string): number | undefined {
  const values = useValues();
  return useSyncExternalStore(
    (on) => values.subscribe(name, on),
    () => values.uploading(name),
  );
}

export function useProblem(name: string): string | undefined {
  const values = useValues();
  return useSyncExternalStore(
    (on) => values.subscribe(name, on),
    () => values.problem(name),
  );
}
