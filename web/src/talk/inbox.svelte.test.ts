import { expect, test } from "vitest";
import type { CallState } from "../call/state";
import { unreadOf } from "./inbox.svelte";

const chat = (...ids: string[]): CallState["chat"] =>
  ids.map((id) => ({ id, mine: id.startsWith("my"), text: id, at: 0, delivered: true }));

test("unread is what the other side wrote after what was read, also when the oldest have gone", () => {
  expect(unreadOf(chat(), undefined)).toBe(0);
  expect(unreadOf(chat("a", "my1", "b"), undefined)).toBe(2);
  expect(unreadOf(chat("a", "my1", "b", "my2"), "b")).toBe(0);
  expect(unreadOf(chat("my2", "my3", "c"), "c")).toBe(0);
  expect(unreadOf(chat("b", "my2", "c"), "b")).toBe(1);
  expect(unreadOf(chat("my3", "c", "d"), "b")).toBe(2);
  expect(unreadOf(chat("my3", "my4"), "b")).toBe(0);
});
