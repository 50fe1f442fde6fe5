import { expect, test } from "vitest";
import { EventParser } from "./event-parser";

const stream = 'retry: 1000\nevent: snapshot\ndata: {"a":1}\n\n: still here\n\nid: 7\nevent: state\ndata: {"b":\ndata: 2}\n\n';

test("events come whole, however the stream is cut", () => {
  for (let cut = 1; cut < stream.length; cut++) {
    const parser = new EventParser();
    const got = [...parser.push(stream.slice(0, cut)), ...parser.push(stream.slice(cut))];
    expect(got).toEqual([
      { id: "", type: "snapshot", data: '{"a":1}' },
      { id: "7", type: "state", data: '{"b":\n2}' },
    ]);
  }
});
