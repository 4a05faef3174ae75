import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Added, Part, Ways } from "../../call/channel";
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
  };
  let bytes = 0;
  const opened = (): void => {
    const pc = {
      getStats: () => Promise.resolve(new Map([["t", { type: "transport", bytesSent: bytes }]])),
    } as unknown as RTCPeerConnection;
    const senders = { audio: camera.sender, camera: camera.sender, screen: screen.sender };
    part?.opened?.({ pc, senders, other: "" } as unknown as Ways);
  };
  return {
    call,
    camera,
    screen,
    setCamera,
    told,
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
});
