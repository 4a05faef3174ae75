import { describe, expect, it } from "vitest";
import { encodingFor, levelOf, megabytes, small, thriftier } from "./levels";

describe("levels of data", () => {
  it("lets the thriftier of two people decide", () => {
    expect(thriftier("full", "small")).toBe("small");
    expect(thriftier("none", "small")).toBe("none");
    expect(thriftier("full", "full")).toBe("full");
  });

  it("saves most at a word of a newer page, and nothing at what is no word", () => {
    expect(levelOf("less")).toBe("none");
    expect(levelOf(7)).toBe("full");
    expect(levelOf("small")).toBe("small");
  });

  it("counts as much as the limits let through, both ways", () => {
    const overhead = 1.3;
    const pictures = (2 * small.camera.maxBitrate * 600) / 8 / 1e6;
    expect(megabytes.small).toBeGreaterThanOrEqual(pictures * overhead);
    expect(megabytes.full).toBeGreaterThanOrEqual((2 * 1_500_000 * 600) / 8 / 1e6);
  });
});

describe("the encoding of a saved picture", () => {
  const whole: RTCRtpEncodingParameters = { maxBitrate: 1_500_000, scaleResolutionDownBy: 1 };

  it("has fewer lines, whatever the camera has", () => {
    expect(encodingFor(whole, small.camera, 720)).toMatchObject({
      scaleResolutionDownBy: 3,
      maxFramerate: 15,
    });
    expect(encodingFor(whole, small.camera, 120)).toMatchObject({ scaleResolutionDownBy: 1 });
  });

  it("keeps all lines of a screen, and comes more seldom", () => {
    expect(encodingFor(whole, small.screen, 1080)).toMatchObject({
      scaleResolutionDownBy: 1,
      maxFramerate: 5,
    });
  });

  it("is what it was before once nobody saves any more", () => {
    const spared = encodingFor(whole, small.camera, 720);
    expect(spared && encodingFor(spared, { maxBitrate: 1_500_000 }, 720)).toEqual(whole);
  });

  it("leaves alone how a connection begins where nobody saves", () => {
    const first: RTCRtpEncodingParameters = { maxBitrate: 1_500_000, scaleResolutionDownBy: 2 };
    expect(encodingFor(first, { maxBitrate: 1_500_000 }, 720)).toBeUndefined();
  });

  it("is not set again while it is so", () => {
    const spared = encodingFor(whole, small.camera, 720);
    expect(spared && encodingFor(spared, small.camera, 720)).toBeUndefined();
  });
});
