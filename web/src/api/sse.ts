/** Takes text/event-stream apart (WHATWG HTML §9.2), in pieces as they arrive. */
export interface ServerEvent {
  id: string | undefined;
  name: string;
  data: string;
}

/** One event may carry a whole day of appointments; more than this is not ours. */
const maxEvent = 4 * 1024 * 1024;

export class EventParser {
  private rest = "";
  private data: string[] = [];
  private size = 0;
  private name = "";
  private id: string | undefined;

  /** Feeds a piece; returns the events that are complete with it. Comments only prove that the line is alive. */
  push(piece: string): ServerEvent[] {
    const events: ServerEvent[] = [];
    const text = this.rest + piece;
    let start = 0;
    for (;;) {
      const end = lineEnd(text, start);
      if (!end) break;
      this.line(text.slice(start, end.at), events);
      start = end.next;
    }
    this.rest = text.slice(start);
    if (this.rest.length > maxEvent) throw new Error("too large");
    return events;
  }

  private line(line: string, events: ServerEvent[]): void {
    if (line === "") {
      if (this.data.length > 0)
        events.push({ id: this.id, name: this.name || "message", data: this.data.join("\n") });
      this.data = [];
      this.size = 0;
      this.name = "";
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? "" : line.slice(colon + 1);
    if (value.startsWith(" ")) value = value.slice(1);
    if (field === "data") {
      this.size += value.length;
      if (this.size > maxEvent) throw new Error("too large");
      this.data.push(value);
    } else if (field === "event") {
      this.name = value;
    } else if (field === "id" && !value.includes("\0")) {
      this.id = value;
    }
  }
}

/** Lines end with \n, \r\n or \r; a \r at the very end may be half of a \r\n that is still on its way. */
function lineEnd(text: string, from: number): { at: number; next: number } | undefined {
  for (let at = from; at < text.length; at++) {
    const character = text[at];
    if (character === "\n") return { at, next: at + 1 };
    if (character !== "\r") continue;
    if (at + 1 === text.length) return undefined;
    return { at, next: text[at + 1] === "\n" ? at + 2 : at + 1 };
  }
  return undefined;
}
