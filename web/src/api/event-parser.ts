export interface ServerEvent {
  id: string;
  type: string;
  data: string;
}

/** An EventParser cuts a text/event-stream into events; what is incomplete waits for the next piece. */
export class EventParser {
  private rest = "";

  push(piece: string): ServerEvent[] {
    const text = this.rest + piece;
    const found: ServerEvent[] = [];
    let from = 0;
    for (;;) {
      const end = text.indexOf("\n\n", from);
      if (end < 0) break;
      const event = parse(text.slice(from, end));
      if (event) found.push(event);
      from = end + 2;
    }
    this.rest = text.slice(from);
    return found;
  }
}

function parse(block: string): ServerEvent | undefined {
  const event: ServerEvent = { id: "", type: "message", data: "" };
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon <= 0) continue; // a comment, or nothing
    const value = line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (line.startsWith("id:")) event.id = value;
    else if (line.startsWith("event:")) event.type = value;
    else if (line.startsWith("data:")) data.push(value);
  }
  if (data.length === 0) return undefined;
  event.data = data.join("\n");
  return event;
}
