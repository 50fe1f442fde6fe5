// What the gallery shows, as it stands in the address: shared, bookmarked, and walked through with the browser's Back.

export const kinds = ["image", "video", "audio", "text", "file"] as const;
export type Kind = (typeof kinds)[number];
export const spans = ["today", "week", "month", "year"] as const;
export type Span = (typeof spans)[number];

/** Filter says which results are wanted. */
export interface Filter {
  q?: string; // words of the prompt
  workflow?: string;
  character?: string;
  kind?: Kind;
  favourite?: boolean;
  when?: Span;
  from?: string; // a day, 2026-11-27, of the browser's time zone
  to?: string; // a day; it is included
  batch?: string;
}

/** ResultsSearch is the address of the page: the filter, and what stands over the gallery. */
export interface ResultsSearch extends Filter {
  open?: string; // a result in the lightbox
  compare?: string; // two results, with a comma between them
  sweep?: string; // a batch as a grid
}

const text = (v: unknown) => (typeof v === "string" && v !== "" ? v : typeof v === "number" ? String(v) : undefined);
const oneOf = <T extends string>(all: readonly T[], v: unknown) => all.find((a) => a === v);
const day = (v: unknown) => (typeof v === "string" && /^\d{4}-\d\d-\d\d$/.test(v) && !Number.isNaN(Date.parse(v)) ? v : undefined);

/** readSearch takes from an address what is understood, and drops the rest. */
export const readSearch = (s: Record<string, unknown>): ResultsSearch => ({
  q: text(s.q),
  workflow: text(s.workflow),
  character: text(s.character),
  kind: oneOf(kinds, s.kind),
  favourite: s.favourite === true || undefined,
  when: oneOf(spans, s.when),
  from: day(s.from),
  to: day(s.to),
  batch: text(s.batch),
  open: text(s.open),
  compare: text(s.compare),
  sweep: text(s.sweep),
});

/** filterOf leaves out what stands over the gallery. */
export const filterOf = ({ open: _o, compare: _c, sweep: _s, ...filter }: ResultsSearch): Filter => filter;

/** isFiltered tells whether anything is left out. */
export const isFiltered = (f: Filter) => Object.values(f).some((v) => v !== undefined && v !== false);

const startOfDay = (d: Date) => new Date(d.getFullYear(), d.getMonth(), d.getDate());
const plusDays = (d: Date, n: number) => new Date(d.getFullYear(), d.getMonth(), d.getDate() + n);
const ofDay = (s: string) => {
  const [y, m, d] = s.split("-").map(Number) as [number, number, number];
  return new Date(y, m - 1, d);
};

/** between is the time of a filter: since is included, until is not. Days are the browser's. */
export function between(f: Filter, now = new Date()): { since?: string; until?: string } {
  const today = startOfDay(now);
  const back = { today: 0, week: -6, month: -29, year: -364 };
  if (f.when) return { since: plusDays(today, back[f.when]).toISOString() };
  return {
    since: f.from ? ofDay(f.from).toISOString() : undefined,
    until: f.to ? plusDays(ofDay(f.to), 1).toISOString() : undefined,
  };
}

/** queryOf is the query of GET /outputs for a filter. */
export const queryOf = (f: Filter, now = new Date()) => ({
  search: f.q,
  workflow: f.workflow,
  character: f.character,
  kind: f.kind,
  favourite: f.favourite,
  batch: f.batch,
  ...between(f, now),
});
