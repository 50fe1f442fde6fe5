import { expect, test } from "vitest";
import { between, filterOf, isFiltered, queryOf, readSearch } from "./filter";

test("an address gives what is understood and drops the rest", () => {
  expect(
    readSearch({ q: "red fox", kind: "image", favourite: true, when: "week", from: "2026-11-27", to: "nonsense", open: "a1" }),
  ).toEqual({
    q: "red fox",
    kind: "image",
    favourite: true,
    when: "week",
    from: "2026-11-27",
    open: "a1",
  });
  expect(readSearch({ kind: "<script>", favourite: "yes", when: 3, from: "2026-13-99", q: "" })).toEqual({});
  expect(readSearch({ q: 42 }).q).toBe("42"); // the router reads ?q=42 as a number
});

test("what stands over the gallery is no filter", () => {
  const filter = filterOf(readSearch({ open: "a", compare: "a,b", sweep: "c" }));
  expect(isFiltered(filter)).toBe(false);
  expect(isFiltered({ ...filter, q: "fox" })).toBe(true);
  expect(filter).not.toHaveProperty("open");
});

test("days are whole ones of the browser's time zone, across a change of the clock", () => {
  const now = new Date(2026, 10, 27, 12, 30);
  expect(between({ when: "today" }, now).since).toBe(new Date(2026, 10, 27).toISOString());
  expect(between({ when: "week" }, now).since).toBe(new Date(2026, 10, 21).toISOString());
  expect(between({ when: "month" }, now).since).toBe(new Date(2026, 9, 29).toISOString());
  expect(between({ from: "2026-11-01", to: "2026-11-02" }, now)).toEqual({
    since: new Date(2026, 10, 1).toISOString(),
    until: new Date(2026, 10, 3).toISOString(),
  });
  expect(between({}, now)).toEqual({});
});

test("the query has the server's names", () => {
  expect(queryOf({ q: "fox", batch: "b", favourite: true })).toMatchObject({ search: "fox", batch: "b", favourite: true });
});
