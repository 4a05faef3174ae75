import { expect, test } from "vitest";
import { maxChatText, maxMessage, parseMessage } from "./channel";

test.each([
  { t: "state", mic: true, camera: false, screen: true, sharing: false },
  { t: "chat", id: "a-1", text: "Guten Tag", yours: false, again: false },
  { t: "chat", id: "a-1", text: "Guten Tag", yours: true, again: true, by: "Ada" },
  { t: "chat-ack", id: "a-1" },
  { t: "compared" },
  { t: "bye" },
])("$t is understood", (message) => {
  expect(parseMessage(JSON.stringify(message))).toEqual(message);
});

test.each([
  ["no text", new ArrayBuffer(4)],
  ["no JSON", "{"],
  ["no object", "7"],
  ["null", "null"],
  ["a kind that is no word", '{"t":7}'],
  ["an id with a blank", '{"t":"chat","id":"a b","text":"x"}'],
  ["a text that is none", '{"t":"chat","id":"a","text":{}}'],
  ["a text too long", JSON.stringify({ t: "chat", id: "a", text: "x".repeat(maxChatText + 1) })],
  ["a line too long", JSON.stringify({ t: "bye", padding: "x".repeat(maxMessage) })],
])("INP-06: %s is ignored", (_, data) => {
  expect(parseMessage(data)).toBeUndefined();
});

test("what is not asked for is left out", () => {
  expect(parseMessage('{"t":"state","mic":"yes","camera":true,"evil":1}')).toEqual({
    t: "state",
    mic: false,
    camera: true,
    screen: false,
    sharing: false,
  });
});

test("a kind that the call does not know goes on to the parts of the page as it is", () => {
  expect(parseMessage('{"t":"exec","x":[1]}')).toEqual({ t: "more", message: { t: "exec", x: [1] } });
});
