// The drawing of a graph: nodes in columns from left to right, each right of what feeds it. A link that spans several
// columns bends at a point in each of them, so that it goes around the boxes between.

export interface GraphNode {
  class_type: string;
  inputs: Record<string, unknown>;
  _meta?: { title?: string };
}
export type Graph = Record<string, GraphNode>;

export interface Box {
  id: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Link {
  from: string;
  to: string;
  path: string; // of an SVG
}

export interface Drawing {
  boxes: Box[];
  links: Link[];
  width: number;
  height: number;
}

export const measures = { width: 164, gapX: 44, gapY: 16, edge: 12 };

/** isLink: an input that another node fills, as the API format writes it. */
export const isLink = (v: unknown): v is [string, number] =>
  Array.isArray(v) && v.length === 2 && (typeof v[0] === "string" || typeof v[0] === "number") && typeof v[1] === "number";

/** linksOf are the links between nodes that exist, each pair once. */
export function linksOf(graph: Graph): { from: string; to: string }[] {
  const links = new Map<string, { from: string; to: string }>();
  for (const [to, node] of Object.entries(graph)) {
    for (const value of Object.values(node.inputs ?? {})) {
      const from = isLink(value) ? String(value[0]) : "";
      if (from !== to && Object.hasOwn(graph, from)) links.set(JSON.stringify([from, to]), { from, to });
    }
  }
  return [...links.values()];
}

/** columnsOf puts each node right of all that feed it; one that nothing feeds stands next to the first it feeds. */
export function columnsOf(ids: string[], links: { from: string; to: string }[]): Map<string, number> {
  const before = group(links, "to", "from");
  const after = group(links, "from", "to");
  const column = new Map<string, number>();
  const place = (id: string, under: Set<string>): number => {
    const known = column.get(id);
    if (known !== undefined) return known;
    if (under.has(id)) return -1; // a circle: it is drawn all the same
    under.add(id);
    const at = Math.max(-1, ...(before.get(id) ?? []).map((b) => place(b, under))) + 1;
    under.delete(id);
    column.set(id, at);
    return at;
  };
  for (const id of ids) place(id, new Set());
  for (const id of ids) {
    const next = after.get(id);
    if (next && !before.has(id)) column.set(id, Math.max(0, Math.min(...next.map((n) => column.get(n) ?? 0)) - 1));
  }
  return column;
}

function group(links: { from: string; to: string }[], by: "from" | "to", what: "from" | "to") {
  const map = new Map<string, string[]>();
  for (const link of links) map.set(link[by], [...(map.get(link[by]) ?? []), link[what]]);
  return map;
}

interface Cell {
  key: string;
  id?: string; // undefined for a bend of a link
  column: number;
  height: number;
  y: number;
  left: Cell[];
  right: Cell[];
}

/** draw lays out a graph; heightOf is how tall the box of a node is. */
export function draw(graph: Graph, heightOf: (id: string) => number): Drawing {
  const ids = Object.keys(graph);
  const links = linksOf(graph);
  const column = columnsOf(ids, links);
  const cells = new Map<string, Cell>();
  const columns: Cell[][] = [];
  const add = (key: string, at: number, height: number, id?: string): Cell => {
    const cell: Cell = { key, id, column: at, height, y: 0, left: [], right: [] };
    cells.set(key, cell);
    while (columns.length <= at) columns.push([]);
    columns[at]?.push(cell);
    return cell;
  };
  for (const id of ids) add(`n${id}`, column.get(id) ?? 0, heightOf(id), id);
  const routes = links.map((link) => {
    const route = [cells.get(`n${link.from}`) as Cell];
    const [start, end] = [column.get(link.from) ?? 0, column.get(link.to) ?? 0];
    for (let at = start + 1; at < end; at++) route.push(add(`b${link.from} ${link.to} ${at}`, at, 0));
    route.push(cells.get(`n${link.to}`) as Cell);
    for (let i = 1; i < route.length; i++) {
      (route[i - 1] as Cell).right.push(route[i] as Cell);
      (route[i] as Cell).left.push(route[i - 1] as Cell);
    }
    return { ...link, route };
  });

  for (const cellsOf of columns) stack(cellsOf);
  // Sweeps to and fro: each column in the order of its neighbours, then as near to them as there is room.
  for (let sweep = 0; sweep < 8; sweep++) {
    const forth = sweep % 2 === 0;
    for (const cellsOf of forth ? columns : [...columns].reverse()) {
      const wish = new Map(cellsOf.map((c) => [c, wishOf(c, forth)]));
      cellsOf.sort((a, b) => (wish.get(a) ?? 0) - (wish.get(b) ?? 0));
      settle(cellsOf, (c) => wish.get(c) ?? 0);
    }
  }
  const all = [...cells.values()];
  const top = Math.min(...all.map((c) => c.y));
  for (const c of all) c.y -= top;
  const x = (at: number) => measures.edge + at * (measures.width + measures.gapX);
  const boxes = all
    .filter((c) => c.id !== undefined)
    .map((c) => ({ id: c.id as string, x: x(c.column), y: round(c.y + measures.edge), width: measures.width, height: c.height }));
  const bottom = Math.max(0, ...all.map((c) => c.y + c.height));
  return {
    boxes,
    links: routes.map(({ from, to, route }) => ({ from, to, path: pathOf(route, x) })),
    width: columns.length > 0 ? x(columns.length - 1) + measures.width + measures.edge : 0,
    height: columns.length > 0 ? round(bottom + 2 * measures.edge) : 0,
  };
}

const round = (n: number) => Math.round(n);
const middle = (c: Cell) => c.y + c.height / 2;

function stack(cells: Cell[]) {
  let y = 0;
  for (const c of cells) {
    c.y = y;
    y += c.height + measures.gapY;
  }
}

// wishOf is the middle that a cell would have best: that of its neighbours, or where it is.
function wishOf(c: Cell, forth: boolean): number {
  const near = forth ? (c.left.length ? c.left : c.right) : c.right.length ? c.right : c.left;
  if (near.length === 0) return middle(c);
  return near.reduce((sum, n) => sum + middle(n), 0) / near.length;
}

// settle puts cells in their order where they wish, moved apart where they would lie on each other.
function settle(cells: Cell[], wish: (c: Cell) => number) {
  const blocks: { cells: Cell[]; y: number; height: number; weight: number }[] = [];
  for (const c of cells) {
    let block = { cells: [c], y: wish(c) - c.height / 2, height: c.height, weight: 1 };
    for (let last = blocks.at(-1); last && last.y + last.height + measures.gapY > block.y; last = blocks.at(-1)) {
      blocks.pop();
      const height = last.height + measures.gapY + block.height;
      const shifted = block.y - last.height - measures.gapY; // where the block would begin for the lower one's sake
      const y = (last.y * last.weight + shifted * block.weight) / (last.weight + block.weight);
      block = { cells: [...last.cells, ...block.cells], y, height, weight: last.weight + block.weight };
    }
    blocks.push(block);
  }
  for (const block of blocks) {
    let y = block.y;
    for (const c of block.cells) {
      c.y = y;
      y += c.height + measures.gapY;
    }
  }
}

function pathOf(route: Cell[], x: (column: number) => number): string {
  const at = (c: Cell, side: "in" | "out") => ({
    x: x(c.column) + (side === "out" ? measures.width : 0),
    y: round(middle(c) + measures.edge),
  });
  let path = "";
  for (let i = 1; i < route.length; i++) {
    const [a, b] = [at(route[i - 1] as Cell, "out"), at(route[i] as Cell, "in")];
    const bend = measures.gapX / 2;
    path += `${i === 1 ? "M" : "L"}${a.x} ${a.y}C${a.x + bend} ${a.y} ${b.x - bend} ${b.y} ${b.x} ${b.y}`;
  }
  return path;
}
