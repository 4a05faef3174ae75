import { describe, expect, it } from "vitest";
import { type Look, lookOf, Strain } from "./strain";

const free: Look = { estimate: 900_000, lostThere: 0, samples: 0, concealed: 0 };
const both = { sent: true, spoken: true, there: false };

/** Looks in a row, each with as many samples more as come in that time. */
function looks(strain: Strain, count: number, look: Partial<Look>, share = 0, on = both) {
  let said = { pictures: false, voice: false };
  for (let n = 0; n < count; n++) {
    heard += 120_000;
    made += 120_000 * share;
    said = strain.take({ ...free, samples: heard, concealed: made, ...look }, on);
  }
  return said;
}
let heard = 0;
let made = 0;

describe("what a way carries", () => {
  it("takes the picture away only when little gets through for a while, and some is lost of the voice", () => {
    const strain = new Strain();
    looks(strain, 5, {});
    expect(looks(strain, 20, { estimate: 50_000 }).pictures).toBe(false); // perhaps the device is busy
    expect(looks(strain, 20, { lostThere: 0.3 }).pictures).toBe(false); // a smaller picture would help nobody
    expect(looks(strain, 2, { estimate: 50_000, lostThere: 0.1 }).pictures).toBe(false);
    expect(looks(strain, 1, { estimate: 50_000, lostThere: 0.1 }).pictures).toBe(true);
  });

  it("takes it away sooner where the other side has no room for pictures", () => {
    const middling = { estimate: 120_000, lostThere: 0.1 };
    const strain = new Strain();
    looks(strain, 1, {});
    expect(looks(strain, 9, middling).pictures).toBe(false);
    expect(looks(strain, 3, middling, 0, { ...both, there: true }).pictures).toBe(true);
  });

  it("keeps it away until its person sends one again, and judges that one twice as patiently", () => {
    const strain = new Strain();
    const bad = { estimate: 50_000, lostThere: 0.1 };
    looks(strain, 1, {});
    expect(looks(strain, 3, bad).pictures).toBe(true);
    expect(looks(strain, 9, {}, 0, { ...both, sent: false }).pictures).toBe(true);
    expect(looks(strain, 5, bad).pictures).toBe(false);
    expect(looks(strain, 1, bad).pictures).toBe(true);
  });

  it("goes by what is lost where the browser estimates nothing", () => {
    const strain = new Strain();
    looks(strain, 1, {});
    expect(looks(strain, 3, { estimate: undefined, lostThere: 0.05 }).pictures).toBe(false);
    expect(looks(strain, 3, { estimate: undefined, lostThere: 0.2 }).pictures).toBe(true);
  });

  it("says that a voice cannot be understood, until it can", () => {
    const strain = new Strain();
    looks(strain, 1, {});
    expect(looks(strain, 2, {}, 0.5).voice).toBe(false);
    expect(looks(strain, 1, {}, 0.5).voice).toBe(true);
    expect(looks(strain, 1, {}, 0.2).voice).toBe(true);
    expect(looks(strain, 3, {}, 0).voice).toBe(false);
  });

  it("misses no voice of who has switched it off", () => {
    const strain = new Strain();
    expect(looks(strain, 9, {}, 1, { ...both, spoken: false }).voice).toBe(false);
  });

  it("reads statistics, and takes nothing for a number that is none", () => {
    const found = lookOf([
      { type: "candidate-pair", nominated: false, availableOutgoingBitrate: 1 },
      { type: "candidate-pair", nominated: true, availableOutgoingBitrate: 70_000 },
      { type: "remote-inbound-rtp", kind: "audio", fractionLost: 0.25 },
      { type: "remote-inbound-rtp", kind: "video", fractionLost: 0.9 },
      { type: "inbound-rtp", kind: "audio", totalSamplesReceived: 48_000, concealedSamples: "many" },
    ]);
    expect(found).toEqual({ estimate: 70_000, lostThere: 0.25, samples: 48_000, concealed: 0 });
  });
});
