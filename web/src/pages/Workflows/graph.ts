// A graph as a drawing: nodes in columns from what loads to what saves, and lines between them.

export interface GraphNode {
  class_type: string;
  inputs: Record<string, unknown>;
  _meta?: { title?: string };
}
export type Graph = Record<string, GraphNode>;

export interface Bound {
  parameter: string;
  node: string;
  input: string;
}

export interface Box {
  id: string;
  title: string;
  class: string;
  bound: Bound[];
  isOutput: boolean;
  x: number; // pixels, like all that follows
  y: number;
  height: number;
}

export interface Drawing {
  boxes: Box[];
  lines: { from: string; to: string; path: string }[];
  width: number;
  height: number;
}

export const boxWidth = 176;
const head = 44;
const line = 20;
const gapX = 56;
const gapY = 16;

/** linksOf are the nodes that a node takes something from. */
export const linksOf = (graph: Graph, id: string): string[] => [
  ...new Set(
    Object.values(graph[id]?.inputs ?? {})
      .filter((v): v is [string, number] => Array.isArray(v) && v.length === 2 && typeof v[1] === "number")
      .map(([from]) => String(from))
      .filter((from) => from in graph),
  ),
];

/** columnsOf gives each node the length of the longest way to it; a ring, which no server runs, is cut. */
export function columnsOf(graph: Graph): Map<string, number> {
  const columns = new Map<string, number>();
  const open = new Set<string>();
  const column = (id: string): number => {
    const known = columns.get(id);
    if (known !== undefined) return known;
    if (open.has(id)) return 0;
    open.add(id);
    const of = Math.max(-1, ...linksOf(graph, id).map(column)) + 1;
    open.delete(id);
    columns.set(id, of);
    return of;
  };
  for (const id of Object.keys(graph)) column(id);
  // What loads stands beside what first takes from it.
  for (const id of Object.keys(graph)) {
    if (linksOf(graph, id).length > 0) continue;
    const takers = Object.keys(graph).filter((to) => linksOf(graph, to).includes(id));
    if (takers.length > 0) columns.set(id, Math.max(0, Math.min(...takers.map((to) => columns.get(to) as number)) - 1));
  }
  return columns;
}

/** draw places the nodes of a graph, with the parameters that land in each. */
export function draw(graph: Graph, bindings: Bound[], outputs: string[]): Drawing {
  const columns = columnsOf(graph);
  const byColumn: string[][] = [];
  for (const [id, c] of columns) {
    byColumn[c] ??= [];
    byColumn[c].push(id);
  }
  // Nodes stand near those that they take from.
  const place = new Map<string, number>();
  for (const ids of byColumn) {
    const middle = (id: string) => {
      const from = linksOf(graph, id)
        .map((f) => place.get(f))
        .filter((p) => p !== undefined);
      return from.length > 0 ? from.reduce((a, b) => a + b) / from.length : Number.MAX_SAFE_INTEGER;
    };
    ids?.sort((a, b) => middle(a) - middle(b));
    ids?.forEach((id, i) => {
      place.set(id, i / Math.max(1, ids.length - 1));
    });
  }
  const boxes: Box[] = [];
  let height = 0;
  byColumn.forEach((ids, c) => {
    let y = 0;
    for (const id of ids ?? []) {
      const node = graph[id] as GraphNode;
      const bound = bindings.filter((b) => b.node === id);
      const box = {
        id,
        title: node._meta?.title || node.class_type,
        class: node.class_type,
        bound,
        isOutput: outputs.includes(id),
        x: c * (boxWidth + gapX),
        y,
        height: head + bound.length * line + (bound.length > 0 ? 6 : 0),
      };
      boxes.push(box);
      y += box.height + gapY;
    }
    height = Math.max(height, y - gapY);
  });
  // Each column stands in the middle.
  byColumn.forEach((_, c) => {
    const mine = boxes.filter((b) => columns.get(b.id) === c);
    const last = mine.at(-1);
    if (!last) return;
    const shift = (height - (last.y + last.height)) / 2;
    for (const b of mine) b.y += shift;
  });
  const at = new Map(boxes.map((b) => [b.id, b]));
  const lines = boxes.flatMap((to) =>
    linksOf(graph, to.id).map((from) => {
      const a = at.get(from) as Box;
      const [x1, y1, x2, y2] = [a.x + boxWidth, a.y + head / 2, to.x, to.y + head / 2];
      const bend = Math.max(24, Math.abs(x2 - x1) / 2);
      return { from, to: to.id, path: `M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}` };
    }),
  );
  return { boxes, lines, width: Math.max(0, byColumn.length * (boxWidth + gapX) - gapX), height };
}

const modelFile = /\.(safetensors|sft|ckpt|pt|pth|bin|gguf|onnx)$/i;

export interface Needed {
  file: string;
  node: string; // title of the first node that names it
}

/** modelsOf are the model files that a graph names. */
export function modelsOf(graph: Graph): Needed[] {
  const found = new Map<string, Needed>();
  for (const node of Object.values(graph)) {
    for (const value of Object.values(node.inputs ?? {})) {
      if (typeof value === "string" && modelFile.test(value) && !found.has(value))
        found.set(value, { file: value, node: node._meta?.title || node.class_type });
    }
  }
  return [...found.values()];
}

/** has tells whether a backend's list names a model file, with or without the folder that it is in. */
export const has = (list: { name: string }[], file: string) =>
  list.some(({ name }) => name === file || name.replaceAll("\\", "/").endsWith(`/${file}`));
