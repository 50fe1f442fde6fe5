// A sweep as a table: which parameters were swept, and which result stands where.

export type Point = Record<string, string>; // values by parameter, as text

export interface Axis {
  name: string;
  values: string[]; // in the order of the sweep where it is one of numbers, else as they came
}

interface Swept {
  sweep?: unknown;
}

/** pointOf reads the point of a result or a job; undefined where it is of no sweep. */
export function pointOf({ sweep }: Swept): Point | undefined {
  if (!sweep || typeof sweep !== "object" || Array.isArray(sweep)) return undefined;
  const entries = Object.entries(sweep).map(([k, v]) => [k, typeof v === "string" ? v : JSON.stringify(v)] as const);
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

/** isSwept tells that a result is of a sweep, which can be shown as a grid. */
export const isSwept = (o: Swept & { batch_id?: string | null }) => Boolean(o.batch_id) && pointOf(o) !== undefined;

/** axesOf finds the axes of points: the parameters in their order, each with its values; numbers by size. */
export function axesOf(points: Point[]): Axis[] {
  const axes = new Map<string, Set<string>>();
  for (const point of points) {
    for (const [name, value] of Object.entries(point)) {
      const values = axes.get(name) ?? new Set();
      axes.set(name, values.add(value));
    }
  }
  return [...axes].map(([name, set]) => {
    const values = [...set];
    const numeric = values.every((v) => v.trim() !== "" && Number.isFinite(Number(v)));
    return { name, values: numeric ? values.sort((a, b) => Number(a) - Number(b)) : values };
  });
}

/** isZip tells that axes were paired: each point of the first has one of the others. */
export const isZip = (axes: Axis[], points: Point[]) =>
  axes.length > 1 && new Set(points.map((p) => JSON.stringify(p))).size === Math.max(...axes.map((a) => a.values.length));

export interface Table<T> {
  columns: Axis; // the axis that changes fastest, or the paired ones as one
  rows: Axis | undefined;
  cells: T[][][]; // by row and column; several where a point was run more than once
}

/**
 * tableOf puts items of a sweep into rows and columns; fixed are the values of all further axes. Items without the
 * point of a cell are left out.
 */
export function tableOf<T extends Swept>(items: T[], rowName: string | undefined, columnName: string, fixed: Point = {}): Table<T> {
  const pointed = items
    .map((item) => ({ item, point: pointOf(item) }))
    .filter((p): p is { item: T; point: Point } => p.point !== undefined);
  const axes = axesOf(pointed.map((p) => p.point));
  const columns = axes.find((a) => a.name === columnName) ?? { name: columnName, values: [] };
  const rows = rowName === undefined ? undefined : axes.find((a) => a.name === rowName);
  const cells = (rows?.values ?? [""]).map((r) =>
    columns.values.map((c) =>
      pointed
        .filter(
          ({ point }) =>
            point[columnName] === c &&
            (!rows || point[rows.name] === r) &&
            Object.entries(fixed).every(([name, value]) => point[name] === value),
        )
        .map(({ item }) => item),
    ),
  );
  return { columns, rows, cells };
}

/** differences are the parameters in which requests differ, each with its values; what is left out is null. */
export function differences(requests: Record<string, unknown>[]): { name: string; values: (string | null)[] }[] {
  const flat = requests.map((r) => {
    const { params, inputs, ...rest } = r as { params?: Record<string, unknown>; inputs?: Record<string, unknown> } & Record<
      string,
      unknown
    >;
    return { ...rest, ...inputs, ...params } as Record<string, unknown>;
  });
  const names = [...new Set(flat.flatMap((f) => Object.keys(f)))];
  const shown = (v: unknown) => (v === undefined || v === null ? null : typeof v === "string" ? v : JSON.stringify(v));
  return names
    .map((name) => ({ name, values: flat.map((f) => shown(f[name])) }))
    .filter(({ values }) => values.some((v) => v !== values[0]));
}
