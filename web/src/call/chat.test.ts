import { expect, test, vi } from "vitest";
import { mostAtOnce } from "./allowance";
import type { Message } from "./channel";
import { Lines, maxAgain } from "./chat";
import { eventOf, initialState, reduce } from "./state";

/** One end of a data channel; what is sent comes out at the other one a moment later. */
class End extends EventTarget {
  readyState = "connecting";
  peer: End | undefined;

  send(data: string): void {
    const { peer } = this;
    queueMicrotask(() => peer?.dispatchEvent(new MessageEvent("message", { data })));
  }

  open(): void {
    this.readyState = "open";
    this.dispatchEvent(new Event("open"));
  }
}

/** A page of the talk, as far as it is about what is written. */
function page(other = () => "") {
  let state = initialState;
  const hear = (message: Message): void => {
    if (message.t !== "here" && message.t !== "more") state = reduce(state, eventOf(message, 0));
  };
  const lines = new Lines({ message: hear, opened: () => undefined, other });
  const say = (text: string): void => {
    const said = lines.say(text);
    if (said)
      state = reduce(state, { type: "chat", message: { ...said, mine: true, at: 0, delivered: false } });
  };
  const shown = (): string[] =>
    state.chat.map(({ mine, text, delivered }) => `${mine ? "I" : "they"}: ${text}${delivered ? "" : " …"}`);
  return { lines, say, shown };
}

type Page = ReturnType<typeof page>;

/** Whatever is under way has arrived. */
const calm = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

/** A new generation: both pages have a new connection. */
function connect(one: Page, two: Page): Promise<void> {
  const ends = [new End(), new End()] as const;
  [ends[0].peer, ends[1].peer] = [ends[1], ends[0]];
  one.lines.connect(ends[0] as unknown as RTCDataChannel);
  two.lines.connect(ends[1] as unknown as RTCDataChannel);
  for (const end of ends) end.readyState = "open";
  for (const end of ends) end.open();
  return calm();
}

async function conversation(): Promise<{ guest: Page; staff: Page }> {
  const [guest, staff] = [page(), page()];
  await connect(guest, staff);
  guest.say("Guten Tag");
  await calm();
  staff.say("Willkommen");
  await calm();
  guest.say("Danke");
  await calm();
  return { guest, staff };
}

test("a page that is loaded anew gets everything back, in order, and its own lines as its own", async () => {
  const { guest, staff } = await conversation();
  const before = guest.shown();
  const again = page();
  await connect(again, staff);
  expect(again.shown()).toEqual(before);
  expect(staff.shown()).toEqual(["they: Guten Tag", "I: Willkommen", "they: Danke"]);
  // And gives it back in its turn.
  const other = page();
  await connect(again, other);
  expect(other.shown()).toEqual(staff.shown());
});

test("a new connection between the same pages shows nothing twice, and sends what was waiting", async () => {
  const { guest, staff } = await conversation();
  staff.lines.connect(new End() as unknown as RTCDataChannel);
  staff.say("Hören Sie mich?");
  expect(staff.shown().at(-1)).toBe("I: Hören Sie mich? …");
  await connect(guest, staff);
  expect(guest.shown()).toEqual(["I: Guten Tag", "they: Willkommen", "I: Danke", "they: Hören Sie mich?"]);
  expect(staff.shown().at(-1)).toBe("I: Hören Sie mich?");
});

test("words are put into nobody's mouth: a page that was there all along knows what it has said", async () => {
  const { guest, staff } = await conversation();
  await connect(guest, staff);
  const forged = { t: "chat", id: "forged", text: "Ich verzichte", yours: true } as const;
  staff.lines.send(forged);
  await calm();
  expect(guest.shown()).toHaveLength(3);
  const again = page();
  await connect(again, staff);
  expect(again.shown()).toHaveLength(3);
});

test("who leads the talk from now on is not told what was written to a colleague", async () => {
  let name = "Frau Sommer";
  const guest = page(() => name);
  const first = page();
  await connect(guest, first);
  guest.say("Nur für Sie");
  first.say("Gewiss");
  await calm();
  first.lines.connect(new End() as unknown as RTCDataChannel);
  guest.lines.connect(new End() as unknown as RTCDataChannel);
  guest.say("Sind Sie noch da?");
  name = "Herr Winter";
  const second = page();
  await connect(guest, second);
  expect(second.shown()).toEqual(["they: Sind Sie noch da?"]);
});

test("no more than the latest lines are said again", async () => {
  const [guest, staff] = [page(), page()];
  await connect(guest, staff);
  for (let n = 0; n <= maxAgain; n++) staff.say(`${n}`);
  await calm();
  const again = page();
  await connect(again, staff);
  expect(again.shown()).toHaveLength(maxAgain);
  expect(again.shown()[0]).toBe("they: 1");
});

test("a page that floods the other one loses what is too much, and is heard again later", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  const heard: Message[] = [];
  const lines = new Lines({ message: (m) => heard.push(m), opened: () => undefined, other: () => "" });
  const end = new End();
  lines.connect(end as unknown as RTCDataChannel);
  end.open();
  const say = (times: number): void => {
    for (let i = 0; i < times; i++)
      end.dispatchEvent(new MessageEvent("message", { data: JSON.stringify({ t: "compared" }) }));
  };
  say(10_000);
  expect(heard).toHaveLength(mostAtOnce);
  vi.advanceTimersByTime(1_000);
  say(10_000);
  expect(heard).toHaveLength(mostAtOnce + 100);
  vi.useRealTimers();
  await calm();
});
