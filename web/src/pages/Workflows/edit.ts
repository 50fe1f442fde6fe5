// What is changed of a workflow's entry: only that is sent.

export interface Entry {
  name?: string;
  description?: string;
  category?: string;
  configurable_params?: Record<string, ParameterEntry>;
}
export type ParameterEntry = { type: string; label?: string; default?: unknown; min?: unknown; max?: unknown; step?: unknown };

export const keys = ["label", "default", "min", "max", "step"] as const;
export type Key = (typeof keys)[number];
export const isNumber = (type: string) => ["int", "float", "seed"].includes(type);

/** written is a value as it stands in its field. */
export const written = (v: unknown) => (v === undefined || v === null ? "" : typeof v === "string" ? v : JSON.stringify(v));

/** parsed is what a field's text means for a key of a parameter; null takes the key out. Throws for what it cannot be. */
export function parsed(type: string, key: Key, text: string, says: { notNumber: string; tooLarge: string }): unknown {
  const trimmed = text.trim();
  if (key === "label") return trimmed === "" ? null : trimmed;
  if (trimmed === "") return key === "default" && ["text", "string"].includes(type) ? "" : null;
  if (key !== "default" || isNumber(type)) {
    const n = Number(trimmed);
    if (!Number.isFinite(n)) throw new Error(says.notNumber);
    if (Number.isInteger(n) && !Number.isSafeInteger(n)) throw new Error(says.tooLarge);
    return n;
  }
  if (type === "bool") return trimmed === "true";
  return text;
}

/** patchOf is the body of PATCH /workflows/{id}: fields that differ from the entry. Texts are by parameter and key. */
export function patchOf(
  entry: Entry,
  fields: { name: string; description: string; category: string },
  texts: Record<string, Partial<Record<Key, string>>>,
  says: { notNumber: string; tooLarge: string },
): { body: Record<string, unknown>; errors: Record<string, string> } {
  const body: Record<string, unknown> = {};
  const errors: Record<string, string> = {};
  for (const key of ["name", "description", "category"] as const) if (fields[key] !== (entry[key] ?? "")) body[key] = fields[key];
  const params: Record<string, Record<string, unknown>> = {};
  for (const [name, changes] of Object.entries(texts)) {
    const old = entry.configurable_params?.[name];
    if (!old) continue;
    for (const key of keys) {
      const text = changes[key];
      if (text === undefined || text === written(old[key])) continue;
      try {
        params[name] = { ...params[name], [key]: parsed(old.type, key, text, says) };
      } catch (error) {
        errors[`params.${name}.${key}`] = (error as Error).message;
      }
    }
  }
  if (Object.keys(params).length > 0) body.params = params;
  return { body, errors };
}
