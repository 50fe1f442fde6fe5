import { describe, expect, test } from "vitest";
import { History, pack, unpack } from "./history";
import { distances, Mask, union } from "./mask";
import { fitView, pinch, pressed, toPicture, zoomAt } from "./view";

/** draw shows a mask: # is painted, + half, . not. */
const draw = (m: Mask) =>
  Array.from({ length: m.height }, (_, y) =>
    Array.from({ length: m.width }, (_, x) => {
      const v = m.data[y * m.width + x] as number;
      return v >= 250 ? "#" : v > 5 ? "+" : ".";
    }).join(""),
  );

const of = (...rows: string[]) =>
  new Mask(
    rows[0]?.length ?? 0,
    rows.length,
    Uint8Array.from(rows.join(""), (c) => (c === "#" ? 255 : 0)),
  );

describe("strokes", () => {
  test("have round ends, and the middle is full", () => {
    const m = new Mask(9, 5);
    m.stroke({ x: 2.5, y: 2.5 }, 1.5, { x: 6.5, y: 2.5 }, 1.5, false);
    expect(draw(m)).toEqual([".........", ".+#####+.", ".#######.", ".+#####+.", "........."]);
  });
  test("of one point are discs, cut at the edge of the picture", () => {
    const m = new Mask(4, 4);
    const part = m.stroke({ x: 0, y: 0 }, 2, { x: 0, y: 0 }, 2, false);
    expect([part.x, part.y]).toEqual([0, 0]);
    expect(m.data[0]).toBe(255);
    expect(m.data[15]).toBe(0);
  });
  test("grow thin with the pen's pressure", () => {
    const m = new Mask(30, 11);
    m.stroke({ x: 3, y: 5.5 }, 1, { x: 25, y: 5.5 }, 4, false);
    const tall = (x: number) => Array.from({ length: 11 }, (_, y) => m.data[y * 30 + x]).filter((v) => v === 255).length;
    expect(tall(5)).toBeLessThan(tall(22));
  });
  test("erase, and never below nothing", () => {
    const m = of("#####", "#####", "#####");
    m.stroke({ x: 2.5, y: 1.5 }, 0.6, { x: 2.5, y: 1.5 }, 0.6, true);
    expect(m.data[7]).toBe(0);
    expect(m.data[0]).toBe(255);
  });
});

test("a rectangle is filled and emptied, in any direction", () => {
  const m = new Mask(5, 4);
  m.rectangle({ x: 4, y: 3 }, { x: 1, y: 1 }, false);
  expect(draw(m)).toEqual([".....", ".###.", ".###.", "....."]);
  m.rectangle({ x: 2, y: 0 }, { x: 9, y: 9 }, true);
  expect(draw(m)).toEqual([".....", ".#...", ".#...", "....."]);
});

test("a lasso fills what it goes around, holes of a second turn stay open", () => {
  const m = new Mask(6, 6);
  m.lasso(
    [
      { x: 0, y: 0 },
      { x: 6, y: 0 },
      { x: 6, y: 6 },
      { x: 0, y: 6 },
      { x: 0, y: 0 },
      { x: 2, y: 2 },
      { x: 4, y: 2 },
      { x: 4, y: 4 },
      { x: 2, y: 4 },
      { x: 2, y: 2 },
    ],
    false,
  );
  expect(draw(m)).toEqual(["######", "######", "##..##", "##..##", "######", "######"]);
  expect(
    new Mask(3, 3).lasso(
      [
        { x: 0, y: 0 },
        { x: 3, y: 3 },
      ],
      false,
    ).width,
  ).toBe(0);
});

test("invert twice is nothing", () => {
  const m = of("#..", ".#.");
  m.invert();
  expect(draw(m)).toEqual([".##", "#.#"]);
  m.invert();
  expect(draw(m)).toEqual(["#..", ".#."]);
});

describe("the edge", () => {
  test("distances are exact", () => {
    const d = distances(5, 3, (i) => i === 6);
    expect([...d].map((v) => v)).toEqual([2, 1, 2, 5, 10, 1, 0, 1, 4, 9, 2, 1, 2, 5, 10]);
    expect(distances(3, 1, () => false)[0]).toBeGreaterThan(1e9);
  });
  test("grows in a circle", () => {
    const m = new Mask(7, 7);
    m.data[3 * 7 + 3] = 255;
    m.grow(2);
    expect(draw(m)).toEqual([".......", ".++#++.", ".+###+.", ".#####.", ".+###+.", ".++#++.", "......."]);
  });
  test("shrinks by as much, and a mask of nothing stays so", () => {
    const m = of("#######", "#######", "#######", "#######", "#######", "#######", "#######");
    m.rectangle({ x: 0, y: 0 }, { x: 1, y: 7 }, true);
    m.grow(-1);
    expect(draw(m)[3]).toBe("..#####");
    const empty = new Mask(4, 4);
    empty.grow(3);
    expect(empty.isEmpty()).toBe(true);
  });
  test("feathers to both sides, keeps the middle, and stays full at the border", () => {
    const m = new Mask(41, 3);
    m.rectangle({ x: 0, y: 0 }, { x: 20, y: 3 }, false);
    m.feather(4);
    const row = [...m.data.slice(41, 82)];
    expect(row[0]).toBe(255);
    expect(row[19]).toBeGreaterThan(row[20] as number);
    expect(Math.abs((row[19] as number) + (row[20] as number) - 255)).toBeLessThanOrEqual(1);
    expect(row.slice(1).every((v, i) => v <= (row[i] as number))).toBe(true);
    expect(row[40]).toBe(0);
  });
});

describe("history", () => {
  test("undoes all, redoes all, and a new step forgets what was undone", () => {
    const m = new Mask(8, 8);
    const h = new History(m);
    const states = [draw(m)];
    for (let i = 0; i < 5; i++) {
      h.begin();
      h.commit(m.rectangle({ x: i, y: i }, { x: i + 3, y: i + 2 }, i === 3));
      states.push(draw(m));
    }
    for (let i = 4; i >= 0; i--) {
      h.undo();
      expect(draw(m)).toEqual(states[i]);
    }
    expect(h.canUndo).toBe(false);
    expect(h.undo()).toBeUndefined();
    for (let i = 1; i <= 3; i++) {
      h.redo();
      expect(draw(m)).toEqual(states[i]);
    }
    h.begin();
    h.commit(m.invert());
    expect(h.canRedo).toBe(false);
  });
  test("a stroke that was none is taken back, and what was painted before it stays", () => {
    const m = new Mask(8, 8);
    const h = new History(m);
    h.begin();
    h.commit(m.rectangle({ x: 0, y: 0 }, { x: 4, y: 4 }, false));
    const painted = draw(m);
    for (const at of [2, 6]) {
      h.begin();
      h.revert(m.rectangle({ x: at, y: at }, { x: at + 2, y: at + 2 }, false)); // over what is painted, and beside it
      expect(draw(m)).toEqual(painted);
    }
    h.begin();
    h.revert(undefined);
    expect(draw(m)).toEqual(painted);
    h.undo();
    expect(h.canUndo).toBe(false);
  });
  test("an operation that touched nothing is no step", () => {
    const h = new History(new Mask(2, 2));
    h.begin();
    h.commit(undefined);
    const m = new Mask(4, 4);
    const same = new History(m);
    same.begin();
    same.commit(m.rectangle({ x: 0, y: 0 }, { x: 2, y: 2 }, true));
    expect([h.canUndo, same.canUndo]).toEqual([false, false]);
  });
  test("packs small what is even", () => {
    const bytes = new Uint8Array(1_000_000).fill(255, 400_000, 600_000);
    const packed = pack(bytes);
    expect(packed.length).toBe(6);
    expect(unpack(packed, bytes.length).every((v, i) => v === bytes[i])).toBe(true);
    expect(unpack(pack(new Uint8Array(0)), 0)).toEqual(new Uint8Array(0));
  });
});

test("parts join", () => {
  expect(union({ x: 2, y: 2, width: 2, height: 2 }, { x: 3, y: 0, width: 4, height: 1 })).toEqual({ x: 2, y: 0, width: 5, height: 4 });
  expect(union(undefined, { x: 1, y: 1, width: 1, height: 1 })).toEqual({ x: 1, y: 1, width: 1, height: 1 });
});

describe("the view", () => {
  test("zooms at the pointer: what is under it stays", () => {
    const v = { scale: 0.5, x: 10, y: 20 };
    const at = { x: 111, y: 77 };
    const z = zoomAt(v, 3, at);
    expect(toPicture(z, at).x).toBeCloseTo(toPicture(v, at).x);
    expect(z.scale).toBe(1.5);
    expect(zoomAt(v, 1e9, at).scale).toBe(40);
  });
  test("two fingers move and zoom", () => {
    const v = pinch(
      { scale: 1, x: 0, y: 0 },
      [
        { x: 0, y: 0 },
        { x: 10, y: 0 },
      ],
      [
        { x: 0, y: 5 },
        { x: 20, y: 5 },
      ],
    );
    expect(v.scale).toBe(2);
    expect(toPicture(v, { x: 10, y: 5 })).toEqual({ x: 5, y: 0 });
  });
  test("fits a picture between the bars", () => {
    const v = fitView({ width: 2000, height: 1000 }, { width: 1000, height: 800 }, { x: 0, top: 100, bottom: 0 });
    expect(v.scale).toBe(0.5);
    expect([v.x, v.y]).toEqual([0, 200]);
  });
  test("a pen's pressure sets the size, a mouse's does not", () => {
    expect(pressed(30, { pointerType: "mouse", pressure: 0.5 })).toBe(30);
    expect(pressed(30, { pointerType: "pen", pressure: 1 })).toBeCloseTo(30);
    expect(pressed(30, { pointerType: "pen", pressure: 0 })).toBeCloseTo(9.9);
  });
});
