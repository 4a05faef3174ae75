import { beforeEach, expect, test, vi } from "vitest";
import type { Call } from "../call/call";
import type { Part } from "../call/channel";
import { type CallState, initialState } from "../call/state";
import { Store } from "../call/store";
import { Sharing } from "./sharing";

interface Track extends EventTarget {
  kind: "video";
  stopped: boolean;
  contentHint: string;
}

function window(): Track {
  const track: Track = Object.assign(new EventTarget(), {
    kind: "video" as const,
    stopped: false,
    contentHint: "",
    stop: () => void (track.stopped = true),
    applyConstraints: () => Promise.resolve(),
  });
  return track;
}

class Stream {
  constructor(private readonly tracks: unknown[] = []) {}
  getTracks = (): unknown[] => this.tracks;
  getVideoTracks = (): unknown[] => this.tracks;
  getAudioTracks = (): unknown[] => [];
}

let given: Track;
let asked: () => Promise<unknown>;

beforeEach(() => {
  given = window();
  asked = () => Promise.resolve(new Stream([given]));
  vi.stubGlobal("MediaStream", Stream);
  vi.stubGlobal("navigator", {
    mediaDevices: { getDisplayMedia: () => asked(), getSupportedConstraints: () => ({}) },
  });
});

function talk(yields: boolean): {
  sharing: Sharing;
  store: Store<CallState>;
  shown: () => unknown;
  hear: Part["heard"];
} {
  let heard: Part["heard"] = () => undefined;
  const store = new Store<CallState>(initialState);
  const show = vi.fn((screen: MediaStream | undefined) => {
    store.set({ ...store.value, local: { ...store.value.local, sharing: screen !== undefined } });
  });
  const call = {
    get state() {
      return store.value;
    },
    subscribe: (listener: (state: CallState) => void) => store.subscribe(listener),
    show,
    tell: () => true,
    attend: (part: Part) => ((heard = part.heard.bind(part)), () => undefined),
  } as unknown as Call;
  return {
    sharing: new Sharing(call, yields),
    store,
    shown: () => show.mock.lastCall?.[0],
    hear: (m) => heard(m),
  };
}

/** What the other side says of its screen. */
function says(store: Store<CallState>, sharing: boolean): void {
  store.set({ ...store.value, phase: "connected", remote: { ...store.value.remote, sharing } });
}

test("what was chosen is shown, letters first, until the browser's own button ends it", async () => {
  const { sharing, shown } = talk(false);
  expect(await sharing.start()).toBe("ok");
  expect(shown()).toBeInstanceOf(Stream);
  expect(given.contentHint).toBe("text");
  sharing.setSharp(false);
  expect(given.contentHint).toBe("motion");
  given.dispatchEvent(new Event("ended"));
  expect(shown()).toBeUndefined();
  expect(given.stopped).toBe(true);
});

test("who chooses nothing goes on showing what was shown before", async () => {
  const { sharing, shown } = talk(false);
  await sharing.start();
  const before = shown();
  asked = () => Promise.reject(new DOMException("", "NotAllowedError"));
  expect(await sharing.start()).toBe("refused");
  expect(shown()).toBe(before);
  expect(given.stopped).toBe(false);
});

test("the newer screen takes the place of the older, and of two at once that of the side that yields", async () => {
  const now = vi.spyOn(performance, "now").mockReturnValue(0);
  const first = talk(false);
  await first.sharing.start();
  now.mockReturnValue(60_000);
  expect(first.sharing.replaced.value).toBeUndefined();
  says(first.store, true);
  expect(first.shown()).toBeUndefined();
  expect(first.sharing.replaced.value).toBe("mine");
  says(first.store, false);
  expect(first.sharing.replaced.value, "that is over").toBeUndefined();

  const [guest, staff] = [talk(true), talk(false)];
  await guest.sharing.start();
  await staff.sharing.start();
  now.mockReturnValue(60_500);
  says(guest.store, true);
  says(staff.store, true);
  expect(guest.shown()).toBeUndefined();
  expect(staff.shown()).toBeInstanceOf(Stream);
  now.mockRestore();
});

test("a guest who chooses a screen while the advisor's has just come shows none; a little later it takes its place", async () => {
  const now = vi.spyOn(performance, "now").mockReturnValue(60_000);
  const guest = talk(true);
  says(guest.store, true);
  now.mockReturnValue(61_000);
  expect(await guest.sharing.start()).toBe("off");
  expect(guest.shown()).toBeUndefined();
  expect(given.stopped).toBe(true);
  now.mockReturnValue(63_000);
  given = window();
  expect(await guest.sharing.start()).toBe("ok");
  expect(guest.shown()).toBeInstanceOf(Stream);
  expect(guest.sharing.replaced.value).toBe("theirs");
  now.mockRestore();
});

test("a sound that cannot be mixed is left out, and the screen is shown", async () => {
  vi.stubGlobal("AudioContext", undefined);
  asked = () => {
    const screen = new Stream([given]);
    screen.getAudioTracks = () => [{ kind: "audio" }];
    return Promise.resolve(screen);
  };
  const { sharing, shown } = talk(false);
  expect(await sharing.start()).toBe("ok");
  expect(shown()).toBeInstanceOf(Stream);
  expect((shown() as Stream).getAudioTracks()).toEqual([]);
});

test("what the call shows no more is captured no more; what is chosen once nobody waits for it is not shown", async () => {
  const { sharing, store, shown } = talk(true);
  await sharing.start();
  store.set({ ...store.value, local: { ...store.value.local, sharing: false } });
  expect(given.stopped).toBe(true);
  given = window();
  const choosing = sharing.start();
  sharing.close();
  expect(await choosing).toBe("off");
  expect(given.stopped).toBe(true);
  expect(shown()).toBeUndefined();
});

test("the end of a talk ends what is shown, also what is chosen only then", async () => {
  const { sharing, store, shown } = talk(true);
  await sharing.start();
  store.set({ ...initialState, phase: "ended" });
  expect(shown()).toBeUndefined();
  given = window();
  expect(await sharing.start()).toBe("off");
  expect(given.stopped).toBe(true);
});

test("what the other side points at is followed, never more often than it can be drawn, and gone with the connection", () => {
  const now = vi.spyOn(performance, "now").mockReturnValue(1_000);
  const { sharing, store, hear } = talk(false);
  says(store, false);
  for (let count = 0; count < 10_000; count++) hear({ t: "point", at: { x: count / 10_000, y: 0 } });
  expect(sharing.pointed.value).toEqual({ x: 0, y: 0 });
  now.mockReturnValue(1_050);
  hear({ t: "point", at: { x: 0.5, y: 0.5 } });
  hear({ t: "other" });
  expect(sharing.pointed.value).toEqual({ x: 0.5, y: 0.5 });
  store.set({ ...store.value, phase: "reconnecting" });
  expect(sharing.pointed.value).toBeUndefined();
  now.mockRestore();
});
