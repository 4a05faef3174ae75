import { expect, test } from "vitest";
import { type CallEvent, type CallState, initialState, reduce } from "./state";

const stream = {} as MediaStream;
const play = (...events: CallEvent[]): CallState => events.reduce(reduce, initialState);
const begin: CallEvent = { type: "connecting", stream, screen: stream };
const connected: CallEvent = { type: "connected", at: 1_000 };
const message = { id: "a", mine: true, text: "Guten Tag", at: 1, delivered: false };

test("a call goes from connecting to connected and remembers when", () => {
  expect(play(begin).phase).toBe("connecting");
  const state = play(begin, connected, { type: "reconnecting" }, { type: "connected", at: 9_000 });
  expect(state).toMatchObject({ phase: "connected", connectedAt: 1_000 });
});

test("media that stop show a lost connection, but only once there was one", () => {
  expect(play(begin, { type: "reconnecting" }).phase).toBe("connecting");
  expect(play(begin, connected, { type: "reconnecting" })).toMatchObject({
    phase: "reconnecting",
    quality: "lost",
  });
});

test("a new connection needs a new comparison, and keeps what was written", () => {
  const before = play(
    begin,
    connected,
    { type: "code", code: "482915" },
    { type: "compared", side: "mine" },
    { type: "compared", side: "theirs" },
    { type: "chat", message },
  );
  expect(before.codeCompared).toEqual({ mine: true, theirs: true });
  const after = reduce(before, begin);
  expect(after.code).toBeUndefined();
  expect(after.codeCompared).toEqual({ mine: false, theirs: false });
  expect(after.phase).toBe("reconnecting");
  expect(after.chat).toHaveLength(1);
});

test("another code forgets the comparison, the same one does not", () => {
  const compared = play(
    begin,
    connected,
    { type: "code", code: "111111" },
    { type: "compared", side: "mine" },
  );
  expect(reduce(compared, { type: "code", code: "111111" }).codeCompared.mine).toBe(true);
  expect(reduce(compared, { type: "code", code: "222222" }).codeCompared.mine).toBe(false);
});

test("nobody has compared a code that is not there", () => {
  expect(play(begin, { type: "compared", side: "theirs" }).codeCompared.theirs).toBe(false);
});

test("E2E-02: an alarm takes the code away and is final", () => {
  const state = play(
    begin,
    connected,
    { type: "code", code: "111111" },
    { type: "broken", reason: "intercepted" },
    { type: "ended" },
    connected,
  );
  expect(state).toMatchObject({ broken: "intercepted", phase: "ended" });
  expect(state.code).toBeUndefined();
  expect(reduce(state, { type: "code", code: "111111" }).code).toBeUndefined();
});

test("after the end nothing changes any more", () => {
  const ended = play(begin, connected, { type: "ended" });
  expect(reduce(ended, begin)).toBe(ended);
  expect(ended.local).toMatchObject({ mic: "off", camera: "off" });
});

test("who has been seen or heard once does not take part in writing, whatever is switched off later", () => {
  const off = { mic: "off", camera: "off", sharing: false, held: false } as const;
  const missing = { mic: "missing", camera: "refused", sharing: false, held: false } as const;
  expect(play({ type: "local", local: missing }).spoken).toEqual({ mine: false, theirs: false });
  const mine = play({ type: "local", local: { ...off, mic: "ok" } }, { type: "local", local: off });
  expect(mine.spoken).toEqual({ mine: true, theirs: false });
  const theirs = play(
    { type: "remote", remote: { camera: true } },
    { type: "remote", remote: { camera: false } },
    begin,
  );
  expect(theirs.spoken).toEqual({ mine: false, theirs: true });
});

test("a message that comes twice is shown once, and a receipt marks it", () => {
  const state = play({ type: "chat", message }, { type: "chat", message }, { type: "delivered", id: "a" });
  expect(state.chat).toEqual([{ ...message, delivered: true }]);
});

test("a picture that does not change is the same picture", () => {
  const state = play(begin);
  expect(reduce(state, { type: "quality", quality: "good" })).toBe(state);
  expect(reduce(state, { type: "autoplay", blocked: false })).toBe(state);
});
