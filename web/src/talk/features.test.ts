import { expect, test } from "vitest";
import { initialState } from "../call/state";
import { isOn, within } from "./features";

test("what the server does not name is off, and all is on where it names nothing", () => {
  expect(isOn({ features: ["chat"] }, "chat")).toBe(true);
  expect(isOn({ features: ["chat"] }, "screen")).toBe(false);
  expect(isOn({ features: [] }, "chat")).toBe(false);
  expect(isOn({}, "chat")).toBe(true);
  expect(isOn(undefined, "screen")).toBe(true);
});

test("nothing is taken of what is switched off, whatever the other page sends", () => {
  const chat = [{ id: "a", mine: false, text: "Guten Tag", at: 0, delivered: true }];
  const call = { ...initialState, chat, remote: { ...initialState.remote, mic: true, sharing: true } };
  expect(within(call, { features: ["chat"] }).remote).toMatchObject({ mic: true, sharing: false });
  expect(within(call, { features: ["chat"] }).chat).toEqual(chat);
  expect(within(call, { features: ["screen"] })).toMatchObject({ chat: [], remote: { sharing: true } });
  expect(within(call, { features: ["chat", "screen"] })).toEqual(call);
});
