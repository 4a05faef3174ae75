import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Added, Part, Ways } from "../../call/channel";
import { initialState } from "../../call/state";
import { Thrift } from "./thrift";

interface Fake {
  sender: RTCRtpSender;
  encoding: () => RTCRtpEncodingParameters;
}

function sender(height: number, maxBitrate: number): Fake {
  let encodings: RTCRtpEncodingParameters[] = [{ maxBitrate, scaleResolutionDownBy: 1 }];
  const one = {
    track: { getSettings: () => ({ height }) },
    getParameters: () => ({ encodings: encodings.map((e) => ({ ...e })) }),
    setParameters: (next: { encodings: RTCRtpEncodingParameters[] }) => {
      ({ encodings } = next);
      return Promise.resolve();
    },
  };
  return { sender: one as unknown as RTCRtpSender, encoding: () => encodings[0] ?? {} };
}

/** One side's call, its camera and what it says. */
function side() {
  let part: Part | undefined;
  const told: Added[] = [];
  const camera = sender(720, 1_500_000);
  const screen = sender(1080, 2_000_000);
  const voice = sender(0, 60_000);
  const setCamera = vi.fn(() => Promise.resolve());
  const call = {
    attend: (one: Part) => {
      part = one;
      return () => (part = undefined);
    },
    tell: (message: Added) => {
      told.push(message);
      return true;
    },
    setCamera,
    state: {
      ...initialState,
      local: { ...initialState.local, camera: "ok" as const },
      remote: { ...initialState.remote, mic: true },
    },
  };
  let bytes = 0;
  let entries: object[] = [];
  const opened = (): void => {
    const pc = {
      getStats: () =>
        Promise.resolve(
          new Map([{ type: "transport", bytesSent: bytes }, ...entries].map((e, i) => [String(i), e])),
        ),
    } as unknown as RTCPeerConnection;
    const senders = { audio: voice.sender, camera: camera.sender, screen: screen.sender };
    part?.opened?.({ pc, senders, other: "" } as unknown as Ways);
  };
  return {
    call,
    camera,
    screen,
    voice,
    setCamera,
    told,
    shows: (...now: object[]) => (entries = now),
    opened,
    heard: (message: Added) => part?.heard(message),
    carried: (n: number) => (bytes = n),
  };
}

describe("saving data in a talk", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("makes the own pictures smaller, and asks for smaller ones", () => {
    const here = side();
    const thrift = new Thrift(here.call, "full");
    here.opened();
    expect(here.told).toEqual([{ t: "thrift?" }]);
    thrift.set("small");
    expect(here.told.at(-1)).toEqual({ t: "thrift", level: "small" });
    expect(here.camera.encoding()).toMatchObject({ maxBitrate: 180_000, scaleResolutionDownBy: 3 });
    expect(here.screen.encoding()).toMatchObject({ maxBitrate: 250_000, maxFramerate: 5 });
    thrift.set("full");
    expect(here.camera.encoding()).toEqual({ maxBitrate: 1_500_000, scaleResolutionDownBy: 1 });
    thrift.close();
  });

  it("sends smaller ones to who asks for them, and switches the camera off once for who wants none", () => {
    const here = side();
    const thrift = new Thrift(here.call, "full");
    here.opened();
    here.heard({ t: "thrift", level: "small" });
    expect(here.camera.encoding().maxBitrate).toBe(180_000);
    vi.advanceTimersByTime(3_000);
    here.heard({ t: "thrift", level: "none" });
    here.heard({ t: "thrift", level: "none" });
    expect(here.setCamera.mock.calls).toEqual([[false]]);
    thrift.close();
  });

  it("says it again to a page that is new, and believes that one only what it says itself", () => {
    const here = side();
    const thrift = new Thrift(here.call, "small");
    here.opened();
    here.heard({ t: "thrift", level: "none" });
    here.opened();
    const each = [{ t: "thrift", level: "small" }, { t: "thrift?" }];
    expect(here.told).toEqual([...each, ...each]);
    here.heard({ t: "thrift?" });
    expect(here.told.at(-1)).toEqual({ t: "thrift", level: "small" });
    expect(thrift.theirs.value).toBe("full");
    expect(here.camera.encoding().maxBitrate).toBe(180_000);
    thrift.close();
  });

  it("counts what the connections have carried", async () => {
    const here = side();
    const thrift = new Thrift(here.call, "full");
    here.opened();
    here.carried(5_000_000);
    await vi.advanceTimersByTimeAsync(5_000);
    here.carried(6_000_000);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(thrift.spent.value).toEqual({ bytes: 6_000_000, inTenMinutes: 120_000_000 });
    thrift.close();
  });

  it("switches the camera off once for who changes their mind all the time, and does in the end what they said last", () => {
    const here = side();
    const thrift = new Thrift(here.call, "full");
    here.opened();
    for (let n = 0; n < 500; n++) {
      here.heard({ t: "thrift", level: n % 2 === 0 ? "none" : "full" });
      vi.advanceTimersByTime(100);
    }
    expect(here.setCamera.mock.calls).toEqual([[false]]);
    here.heard({ t: "thrift", level: "small" });
    vi.advanceTimersByTime(3_000);
    expect(thrift.theirs.value).toBe("small");
    thrift.close();
  });

  it("sends no more lines than the other side shows, and fewer bits with them", () => {
    const here = side();
    const thrift = new Thrift(here.call, "full");
    here.opened();
    here.heard({ t: "shown", lines: 360 });
    expect(here.camera.encoding().scaleResolutionDownBy).toBe(2);
    expect(here.camera.encoding().maxBitrate).toBeLessThan(600_000);
    expect(here.screen.encoding()).toEqual({ maxBitrate: 2_000_000, scaleResolutionDownBy: 1 });
    vi.advanceTimersByTime(1_000);
    here.heard({ t: "shown", lines: 1_440 });
    expect(here.camera.encoding()).toEqual({ maxBitrate: 1_500_000, scaleResolutionDownBy: 1 });
    thrift.close();
  });

  it("is not made to send nothing, more than there is, or another size all the time", () => {
    const here = side();
    const thrift = new Thrift(here.call, "full");
    here.opened();
    for (const lines of [0, -5, Number.NaN, Number.POSITIVE_INFINITY, "200", null, [300], {}, undefined])
      here.heard({ t: "shown", lines });
    expect(here.camera.encoding()).toEqual({ maxBitrate: 1_500_000, scaleResolutionDownBy: 1 });
    here.heard({ t: "shown", lines: 1e-9 });
    expect(here.camera.encoding()).toMatchObject({ maxBitrate: 150_000, scaleResolutionDownBy: 8 });
    const set = vi.spyOn(here.camera.sender, "setParameters");
    for (let n = 0; n < 400; n++) {
      here.heard({ t: "shown", lines: n % 2 === 0 ? 200 : 700 });
      vi.advanceTimersByTime(10);
    }
    expect(set.mock.calls.length).toBeLessThanOrEqual(4);
    thrift.close();
  });

  it("tells how large the other picture is shown, also to a page that is new", () => {
    const here = side();
    const thrift = new Thrift(here.call, "full");
    thrift.shows(390);
    here.opened();
    expect(here.told).toEqual([{ t: "shown", lines: 390 }, { t: "shown", lines: 390 }, { t: "thrift?" }]);
    thrift.close();
  });

  it("gives up its picture before the voice suffers, makes the voice thin, and says so", async () => {
    const here = side();
    const thrift = new Thrift(here.call, "full");
    here.opened();
    here.shows(
      { type: "candidate-pair", nominated: true, availableOutgoingBitrate: 50_000 },
      { type: "remote-inbound-rtp", kind: "audio", fractionLost: 0.1 },
    );
    await vi.advanceTimersByTimeAsync(5_000);
    expect(here.setCamera).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(7_500);
    expect(here.setCamera.mock.calls).toEqual([[false]]);
    expect(here.told.at(-1)).toEqual({ t: "strain", pictures: true, voice: false });
    expect(here.voice.encoding().maxBitrate).toBe(20_000);
    thrift.close();
  });

  it("makes its voice thin where the other side has no room for pictures, as long as that is so", async () => {
    const here = side();
    const thrift = new Thrift(here.call, "full");
    here.opened();
    here.heard({ t: "strain", pictures: true });
    expect(here.voice.encoding().maxBitrate).toBe(20_000);
    expect(here.setCamera).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(3_000);
    here.heard({ t: "strain", pictures: false });
    expect(here.voice.encoding().maxBitrate).not.toBe(20_000);
    thrift.close();
  });

  it("believes of the other side's way only what it says itself, and not more often than it can be read", () => {
    const here = side();
    const thrift = new Thrift(here.call, "full");
    here.opened();
    const said = vi.fn();
    thrift.theirStrain.subscribe(said);
    said.mockClear();
    for (let n = 0; n < 300; n++) {
      here.heard({ t: "strain", pictures: n % 2 === 0, voice: "yes" });
      vi.advanceTimersByTime(10);
    }
    expect(said.mock.calls.length).toBeLessThanOrEqual(2);
    expect(here.setCamera).not.toHaveBeenCalled();
    expect(thrift.theirStrain.value.voice).toBe(false);
    thrift.close();
  });
});
