import { describe, expect, test } from "vitest";
import { EventParser } from "./sse";

test("an event is complete with its empty line", () => {
  const parser = new EventParser();
  expect(parser.push('event: seat\nid: 7\ndata: {"a":1}\n')).toEqual([]);
  expect(parser.push("\n")).toEqual([{ id: "7", name: "seat", data: '{"a":1}' }]);
});

test("comments, unknown fields and empty events are nothing", () => {
  expect(new EventParser().push(": heartbeat\n\nretry: 5\n\nevent: x\n\n")).toEqual([]);
});

test("several lines of data are one text, the id stays for later events", () => {
  const events = new EventParser().push("id: 3\ndata: a\ndata: b\n\ndata:c\n\n");
  expect(events).toEqual([
    { id: "3", name: "message", data: "a\nb" },
    { id: "3", name: "message", data: "c" },
  ]);
});

describe("however it is cut into pieces", () => {
  const text =
    "event: one\r\nid: 1\r\ndata: ä\r\n\r\n:x\r\revent: two\rdata: 2\r\r\nevent: three\ndata: 3\n\n";
  const whole = new EventParser().push(text);

  test.each([1, 2, 3, 5, 7])("of %i characters", (size) => {
    const parser = new EventParser();
    const events = [];
    for (let at = 0; at < text.length; at += size) events.push(...parser.push(text.slice(at, at + size)));
    expect(events).toEqual(whole);
    expect(events.map((event) => event.name)).toEqual(["one", "two", "three"]);
  });
});

test("an event without end is refused, not collected", () => {
  const parser = new EventParser();
  expect(() => {
    for (let piece = 0; piece < 100; piece++) parser.push("x".repeat(100_000));
  }).toThrow("too large");
});
