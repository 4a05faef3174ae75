import { describe, expect, test, vi } from "vitest";
import { Flow, qualityOf, type Sample, sampleOf, Steady, Watch } from "./watch";

const quiet: Sample = {
  at: 0,
  packets: 0,
  mediaPackets: 0,
  lost: 0,
  jitter: 0,
  roundTrip: 0,
  frozenSeconds: 0,
  lostThere: 0,
};
const after = (change: Partial<Sample>): Sample => ({ ...quiet, at: 2_000, mediaPackets: 200, ...change });

test("where nothing comes at all nothing is said of the quality", async () => {
  vi.useFakeTimers();
  const judged = vi.fn();
  let packetsReceived = 0;
  const entry = () => ({ type: "transport", packetsReceived });
  const statistics = (): Promise<RTCStatsReport> =>
    Promise.resolve(new Map([["t", entry()]]) as unknown as RTCStatsReport);
  const nothing = (): void => undefined;
  const watch = new Watch(statistics, {
    quality: judged,
    looked: nothing,
    silent: nothing,
    flowing: nothing,
  });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(judged).not.toHaveBeenCalled();
  packetsReceived = 9;
  await vi.advanceTimersByTimeAsync(3_000);
  expect(judged).toHaveBeenCalledWith("good", "good");
  watch.stop();
  vi.useRealTimers();
});

describe("quality in words", () => {
  test.each([
    ["good", {}],
    ["good", { lost: 2 }],
    ["weak", { lost: 20 }],
    ["poor", { lost: 60 }],
    ["weak", { lostThere: 0.08 }],
    ["weak", { jitter: 0.06 }],
    ["poor", { jitter: 0.2 }],
    ["weak", { roundTrip: 0.5 }],
    ["poor", { roundTrip: 1.5 }],
    ["weak", { frozenSeconds: 0.4 }],
    ["poor", { frozenSeconds: 1.5 }],
  ] as const)("%s: %o", (quality, change) => {
    expect(qualityOf(quiet, after(change))).toBe(quality);
  });

  test("counters that go back, as after a restart, are no loss", () => {
    expect(qualityOf({ ...quiet, lost: 500 }, after({ lost: 0 }))).toBe("good");
  });
});

describe("what is said of the quality does not flicker", () => {
  const said = (...looks: ("good" | "weak" | "poor")[]): string[] => {
    const steady = new Steady();
    return looks.map((look) => steady.take(look));
  };

  test("one bad look is nobody's business, the second one in a row is", () => {
    expect(said("weak", "good", "poor", "good")).toEqual(["good", "good", "good", "good"]);
    expect(said("good", "weak", "weak")).toEqual(["good", "good", "weak"]);
  });

  test("it is taken back after three good looks in a row", () => {
    expect(said("weak", "weak", "good", "good", "weak", "good", "good", "good")).toEqual([
      "good",
      ...Array.from({ length: 6 }, () => "weak"),
      "good",
    ]);
  });

  test("it gets worse, and better, only by as much as all looks agree on", () => {
    expect(said("weak", "poor")).toEqual(["good", "weak"]);
    expect(said("poor", "poor", "good", "weak", "good", "good", "good")).toEqual([
      "good",
      "poor",
      "poor",
      "poor",
      "weak",
      "weak",
      "good",
    ]);
  });

  test("after an interruption it is weak until three looks were good", () => {
    const steady = new Steady();
    steady.interrupted();
    expect(["good", "good", "good"].map((look) => steady.take(look as "good"))).toEqual([
      "weak",
      "weak",
      "good",
    ]);
  });
});

test("a sample adds up the streams, and takes the round trip of the whole way only", () => {
  const sample = sampleOf(
    [
      { type: "inbound-rtp", kind: "audio", packetsReceived: 100, packetsLost: 3, jitter: 0.02 },
      {
        type: "inbound-rtp",
        kind: "video",
        packetsReceived: 50,
        packetsLost: -1,
        jitter: 0.9,
        totalFreezesDuration: 1.5,
      },
      { type: "remote-inbound-rtp", fractionLost: 0.1, roundTripTime: 0.08 },
      { type: "candidate-pair", currentRoundTripTime: 0.001 },
      { type: "transport", packetsReceived: 400 },
    ],
    7,
  );
  expect(sample).toEqual({
    at: 7,
    packets: 400,
    mediaPackets: 150,
    lost: 3,
    jitter: 0.02,
    roundTrip: 0.08,
    frozenSeconds: 1.5,
    lostThere: 0.1,
  });
});

describe("AVA-02: silence", () => {
  test("counts from the last packet, but not before the first", () => {
    const flow = new Flow();
    expect(flow.take(0, 0)).toBe(0);
    expect(flow.take(0, 5_000)).toBe(0);
    expect(flow.take(10, 5_500)).toBe(0);
    expect(flow.take(10, 6_000)).toBe(500);
    expect(flow.take(10, 6_600)).toBe(1_100);
    expect(flow.take(11, 7_000)).toBe(0);
  });

  test("is as it should be when the other side has switched everything off", () => {
    const flow = new Flow();
    flow.take(10, 0);
    flow.forget();
    expect(flow.take(10, 9_000)).toBe(0);
  });

  test("of a side that sends no media is noticed by its word, which may be slow to come", () => {
    const flow = new Flow();
    flow.take(10, 0);
    flow.forget();
    flow.take(10, 500);
    flow.word(900);
    expect(flow.take(10, 3_900)).toBe(0);
    expect(flow.take(10, 4_900)).toBe(1_000);
    flow.word(5_000);
    expect(flow.take(10, 5_100)).toBe(0);
    // Media again: they count, whatever was said before.
    flow.take(11, 5_600);
    expect(flow.take(11, 6_700)).toBe(1_100);
    // Switched on, and nothing of it has come.
    const dark = new Flow();
    dark.word(0);
    expect(dark.take(0, 3_500)).toBe(500);
  });

  test("is so, too, when the last packets are only found afterwards, and not for ever", () => {
    const flow = new Flow();
    flow.take(10, 0);
    flow.forget();
    expect(flow.take(14, 500)).toBe(0);
    expect(flow.take(14, 9_000)).toBe(0);
    flow.take(20, 9_500);
    expect(flow.take(20, 11_500)).toBe(2_000);
  });
});
