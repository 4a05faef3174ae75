// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Added, Part } from "../../call/channel";
import { type CallState, initialState, type LocalState } from "../../call/state";
import { type Listed, Plugs } from "./plugs";

const device = (deviceId: string, groupId = deviceId): Listed => ({
  deviceId,
  groupId,
  label: `Gerät ${deviceId}`,
});

class Track extends EventTarget {
  muted = false;
  constructor(readonly kind: "audio" | "video") {
    super();
  }
}

/** One side's devices and what it says. */
function side() {
  let part: Part | undefined;
  let changed = (): void => undefined;
  let state: CallState = { ...initialState, local: { ...initialState.local, mic: "ok", camera: "ok" } };
  let listener: (state: CallState) => void = () => undefined;
  const told: Added[] = [];
  const shelf = { cameras: [device("cam")], microphones: [device("mic")], speakers: [] as Listed[] };
  const local = (next: Partial<LocalState>): void => {
    state = { ...state, local: { ...state.local, ...next } };
    listener(state);
  };
  const call = {
    get state() {
      return state;
    },
    subscribe: (one: (state: CallState) => void) => {
      listener = one;
      one(state);
      return () => undefined;
    },
    attend: (one: Part) => {
      part = one;
      return () => undefined;
    },
    tell: (message: Added) => told.push(message) > 0,
    // As LocalMedia does: one that is put in another's place is as that was, and of one that has gone it is off.
    useMicrophone: vi.fn(() => {
      local({ mic: state.local.mic === "ok" ? "ok" : "off" });
      return Promise.resolve();
    }),
    setMic: vi.fn((on: boolean) => {
      local({ mic: on ? "ok" : "off" });
      return Promise.resolve();
    }),
    useCamera: vi.fn(() => Promise.resolve()),
  };
  const plugs = new Plugs(call, {
    list: () => Promise.resolve({ ...shelf }),
    watch: (one) => {
      changed = one;
      return () => undefined;
    },
  });
  return {
    call,
    plugs,
    told,
    shelf,
    local,
    changed: () => {
      changed();
    },
    heard: (message: Added) => part?.heard(message),
  };
}

const settled = (): Promise<unknown> => vi.advanceTimersByTimeAsync(2_000);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a headset that is plugged in", () => {
  it("is offered with its own speaker, and used by nobody who has not said so", async () => {
    const here = side();
    await settled();
    here.shelf.microphones = [device("default"), device("mic"), device("headset", "usb")];
    here.shelf.speakers = [device("out"), device("ear", "usb")];
    here.changed();
    await settled();
    expect(here.plugs.offer.value).toMatchObject({ kind: "microphone", id: "headset", speaker: "ear" });
    expect(here.call.useMicrophone).not.toHaveBeenCalled();
    expect(await here.plugs.take()).toBe(false); // nothing comes from it
    expect(here.call.useMicrophone).toHaveBeenCalledWith("headset");
    expect(here.plugs.offer.value).toBeUndefined();
    here.plugs.close();
  });

  it("is offered no more once it is gone again, nor when it was there all the time", async () => {
    const here = side();
    await settled();
    expect(here.plugs.offer.value).toBeUndefined();
    here.shelf.microphones = [device("mic"), device("headset")];
    here.changed();
    await settled();
    here.shelf.microphones = [device("mic")];
    here.changed();
    await settled();
    expect(here.plugs.offer.value).toBeUndefined();
    here.plugs.close();
  });
});

describe("a device that vanishes", () => {
  it("is followed by another microphone, which is said to both", async () => {
    const here = side();
    await settled();
    here.shelf.microphones = [device("other")];
    here.local({ mic: "missing" });
    expect(here.told).toEqual([{ t: "plugs", microphone: "lost" }]);
    await settled();
    expect(here.call.state.local.mic).toBe("ok");
    expect(here.plugs.instead.value).toBe("Gerät other");
    expect(here.told.at(-1)).toEqual({ t: "plugs" });
    here.plugs.close();
  });

  it("is followed by another microphone that is as silent as the one before where that was switched off", async () => {
    const here = side();
    await settled();
    here.local({ mic: "off" });
    here.shelf.microphones = [device("other")];
    here.local({ mic: "missing" });
    await settled();
    expect(here.call.useMicrophone).toHaveBeenCalledWith("other");
    expect(here.call.setMic).not.toHaveBeenCalled();
    expect(here.call.state.local.mic).toBe("off");
    here.plugs.close();
  });

  it("is followed by no other camera unasked, as that could show anything", async () => {
    const here = side();
    await settled();
    here.shelf.cameras = [device("back")];
    here.local({ camera: "missing" });
    await settled();
    expect(here.call.useCamera).not.toHaveBeenCalled();
    expect(here.plugs.offer.value).toMatchObject({ kind: "camera", id: "back", lost: true });
    expect(here.plugs.mine.value).toEqual({ camera: "lost" });
    here.plugs.close();
  });
});

describe("a telephone that is called", () => {
  it("tells both sides, and that it is over", async () => {
    const here = side();
    const track = new Track("audio");
    const stream = { getTracks: () => [track] } as unknown as MediaStream;
    here.local({ stream });
    track.muted = true;
    track.dispatchEvent(new Event("mute"));
    expect(here.told).toEqual([]);
    await settled();
    expect(here.told).toEqual([{ t: "plugs", microphone: "paused" }]);
    track.muted = false;
    track.dispatchEvent(new Event("unmute"));
    await settled();
    expect(here.plugs.mine.value).toEqual({});
    here.plugs.close();
  });
});

describe("what the other side says of its devices", () => {
  it("is believed word by word, and nothing else", () => {
    const here = side();
    here.heard({ t: "plugs", microphone: "paused", camera: "lost", extra: "x".repeat(10_000) });
    expect(here.plugs.theirs.value).toEqual({ microphone: "paused", camera: "lost" });
    for (const bad of ["", "LOST", 7, null, {}, ["lost"], "__proto__"]) {
      vi.advanceTimersByTime(1_000);
      here.heard({ t: "plugs", microphone: bad, camera: bad });
      expect(here.plugs.theirs.value).toEqual({});
    }
    here.plugs.close();
  });

  it("is shown at most once a second, and then what was said last", () => {
    const here = side();
    let shown = 0;
    here.plugs.theirs.subscribe(() => shown++);
    shown = 0;
    for (let i = 0; i < 1_000; i++)
      here.heard({ t: "plugs", ...(i % 2 === 0 ? { microphone: "paused" } : { camera: "lost" }) });
    expect(shown).toBe(1);
    vi.advanceTimersByTime(1_000);
    expect(shown).toBe(2);
    expect(here.plugs.theirs.value).toEqual({ camera: "lost" });
    vi.advanceTimersByTime(60_000);
    expect(shown).toBe(2);
    here.plugs.close();
  });
});
