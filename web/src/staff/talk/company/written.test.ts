import { expect, it } from "vitest";
import type { Added, Part } from "../../../call/channel";
import type { CallState, ChatMessage } from "../../../call/state";
import { Store } from "../../../call/store";
import { mostPassed } from "../../../talk/passes";
import type { Member } from "../../../talk/circle";
import { together } from "../together";
import { Written } from "./written";

/** One of the calls of the page that leads the talk. */
function person(name: string) {
  const state = new Store<Pick<CallState, "chat">>({ chat: [] });
  const parts: Part[] = [];
  const told: Added[] = [];
  const call = {
    subscribe: state.subscribe.bind(state),
    attend: (part: Part) => (parts.push(part), () => undefined),
    tell: (message: Added) => (told.push(message), true),
  } as unknown as Member["call"];
  const member: Member = { talk: `talk-${name}`, name, call, apart: false };
  const chat = (message: Partial<ChatMessage> & { id: string }): void => {
    const whole = { text: message.id, mine: false, at: state.value.chat.length, delivered: true, ...message };
    state.set({ chat: [...state.value.chat, whole] });
  };
  const loadsAnew = (other = "device"): void => {
    told.length = 0;
    for (const part of parts) part.opened?.({ other } as never);
  };
  const read = (): string[] =>
    told.map(({ text, by, yours }) =>
      yours === true ? `own: ${String(text)}` : [by ?? "advisor", text].join(": "),
    );
  return { member, chat, loadsAnew, read };
}

function room(on = true) {
  const [gerda, ada, rolf] = [person("Gerda"), person("Ada"), person("Rolf")];
  const extra = new Store<readonly ChatMessage[]>([]);
  const written = new Written(gerda.member, extra, () => on);
  written.update([ada.member, rolf.member]);
  return {
    gerda,
    ada,
    rolf,
    written,
    shown: () => extra.value.map(({ by, text }) => `${by ?? "advisor"}: ${text}`),
  };
}

it("what anybody writes all others read, by name, once", () => {
  const { gerda, ada, rolf, shown } = room();
  gerda.chat({ id: "von Gerda" });
  ada.chat({ id: "von Ada" });
  gerda.chat({ id: "vom Amt", mine: true });
  expect(gerda.read()).toEqual(["Ada: von Ada"]);
  expect(ada.read()).toEqual(["Gerda: von Gerda", "advisor: vom Amt"]);
  expect(rolf.read()).toEqual(["Gerda: von Gerda", "Ada: von Ada", "advisor: vom Amt"]);
  expect(shown()).toEqual(["Ada: von Ada"]);
});

it("nobody is told what was written before they came, or while they were asked out", () => {
  const { gerda, ada, rolf, written, shown } = room();
  written.update([rolf.member]);
  gerda.chat({ id: "vorher" });
  written.update([{ ...ada.member, apart: true }, rolf.member]);
  gerda.chat({ id: "vertraulich" });
  gerda.chat({ id: "auch das", mine: true });
  ada.chat({ id: "Hallo?" });
  written.update([ada.member, rolf.member]);
  ada.loadsAnew();
  expect(ada.read()).toEqual(["own: Hallo?"]);
  expect(gerda.read()).toEqual([]);
  expect(shown()).toEqual(["Ada: Hallo?"]);
  expect(rolf.read()).toEqual(["Gerda: vorher", "Gerda: vertraulich", "advisor: auch das"]);
});

it("a page that is loaded anew is told again what it had, but not another device", () => {
  const { gerda, ada } = room();
  gerda.chat({ id: "eins" });
  ada.chat({ id: "zwei" });
  gerda.chat({ id: "drei", mine: true });
  ada.loadsAnew();
  expect(ada.read()).toEqual(["Gerda: eins", "own: zwei", "advisor: drei"]);
  gerda.loadsAnew();
  expect(gerda.read()).toEqual(["own: eins", "Ada: zwei", "advisor: drei"]);
  ada.loadsAnew("another device");
  expect(ada.read()).toEqual([]);
});

it("a page that leads and is loaded anew passes on only what nobody has read yet, and shows all of it", () => {
  const { gerda, ada, rolf, shown } = room();
  gerda.chat({ id: "alt", again: true });
  ada.chat({ id: "von Ada", again: true });
  ada.chat({ id: "vom Amt", again: true, mine: true });
  rolf.chat({ id: "vom Amt", again: true, mine: true });
  ada.chat({ id: "neu" });
  expect(rolf.read()).toEqual(["Ada: neu"]);
  expect(shown()).toEqual(["Ada: von Ada", "advisor: vom Amt", "Ada: neu"]);
});

it("a guest's page that floods the others is passed on within bounds; where the chat is off, nothing is", () => {
  const { ada, rolf } = room();
  for (let n = 0; n < 200; n++) ada.chat({ id: `${n}` });
  expect(rolf.read().length).toBeLessThanOrEqual(mostPassed);
  const off = room(false);
  off.ada.chat({ id: "x" });
  expect(off.rolf.read()).toEqual([]);
});

it("no guest says who has written something, and each line stands once, in the order in which it came", () => {
  const line = (id: string, at: number, by?: string): ChatMessage => ({
    id,
    at,
    text: id,
    mine: false,
    delivered: true,
    by,
  });
  const all = together([line("a", 1, "Sabine"), line("c", 3)], [line("b", 2, "Ada"), line("c", 4, "Ada")]);
  expect(all.map(({ id, by }) => [id, by])).toEqual([
    ["a", undefined],
    ["b", "Ada"],
    ["c", undefined],
  ]);
});
