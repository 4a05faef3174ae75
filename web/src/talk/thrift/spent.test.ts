import { describe, expect, it } from "vitest";
import { carried, Spent } from "./spent";

describe("what a talk has taken", () => {
  it("goes on over connections", () => {
    const spent = new Spent();
    spent.take(1_000, 0);
    spent.begin();
    spent.take(500, 5_000);
    expect(spent.bytes).toBe(1_500);
  });

  it("says how much that is in ten minutes, by the latest half minute", () => {
    const spent = new Spent();
    expect(spent.inTenMinutes).toBeUndefined();
    spent.take(0, 0);
    expect(spent.inTenMinutes).toBeUndefined();
    spent.take(10_000_000, 5_000);
    for (let n = 2; n < 20; n++) spent.take(10_000_000 + n * 1_000, n * 5_000);
    expect(spent.inTenMinutes).toBeCloseTo(120_000, 0);
  });

  it("counts the heads of packets, which no statistics know", () => {
    const transport = {
      type: "transport",
      bytesSent: 1_000,
      bytesReceived: 500,
      packetsSent: 10,
      packetsReceived: 5,
    };
    expect(carried([transport, { type: "inbound-rtp", bytesReceived: 400 }])).toBe(1_500 + 15 * 28);
  });

  it("adds the streams where a browser says nothing of the transport", () => {
    const streams = [
      { type: "inbound-rtp", bytesReceived: 400, headerBytesReceived: 48, packetsReceived: 4 },
      { type: "outbound-rtp", bytesSent: 100, packetsSent: 1 },
      { type: "codec", bytesSent: "x" },
    ];
    expect(carried(streams)).toBe(548 + 5 * 28);
  });
});
