import { describe, expect, test } from "vitest";
import {
  type Bytes,
  commitment,
  decodeBase64url,
  encodeBase64url,
  isCommitted,
  newNonce,
  safetyCode,
  sha256,
  spaced,
} from "./code";

const run = (from: number, length: number): Bytes => Uint8Array.from({ length }, (_, index) => from + index);
const staffFingerprint = run(0, 32);
const guestFingerprint = run(32, 32);
const staffNonce = new Uint8Array(16).fill(0xaa);
const guestNonce = run(100, 16);
const parts = { staffFingerprint, guestFingerprint, staffNonce, guestNonce };

describe("test vectors, computed by another implementation (Python hashlib)", () => {
  test.each([
    ["demo", "seat1", "gtd_yQJ8sdpuN6a6SCZOWwTlEeG_wv5okFe1xhFqdHs", "949440"],
    ["amt-süd", "7kq2", "RMeFHeiPM3JpB447enl4J2fYyq28B3KFrj4O8CdAChA", "539885"],
  ])("%s %s", async (agency, seat, commit, code) => {
    expect(await commitment(agency, seat, guestFingerprint, guestNonce)).toBe(commit);
    expect(await safetyCode({ agency, seat, ...parts })).toBe(code);
  });

  test("leading zeros are kept", async () => {
    expect(await safetyCode({ agency: "demo", seat: "seat0", ...parts })).toBe("020490");
  });
});

test("E2E-04: the code depends on every part, and names with moved borders are other names", async () => {
  const codes = new Set<string>();
  const base = { agency: "demo", seat: "seat1", ...parts };
  const variants = [
    base,
    { ...base, agency: "demos", seat: "eat1" },
    { ...base, staffFingerprint: run(1, 32) },
    { ...base, guestFingerprint: run(1, 32) },
    { ...base, staffNonce: run(1, 16) },
    { ...base, guestNonce: run(1, 16) },
    { ...base, staffFingerprint: guestFingerprint, guestFingerprint: staffFingerprint },
  ];
  for (const variant of variants) codes.add(await safetyCode(variant));
  expect(codes.size).toBe(variants.length);
});

test("E2E-04: the commitment covers certificate and nonce", async () => {
  const commit = await commitment("demo", "seat1", guestFingerprint, guestNonce);
  expect(await isCommitted(commit, "demo", "seat1", guestFingerprint, guestNonce)).toBe(true);
  expect(await isCommitted(commit, "demo", "seat1", run(1, 32), guestNonce)).toBe(false);
  expect(await isCommitted(commit, "demo", "seat1", guestFingerprint, run(1, 16))).toBe(false);
  expect(await isCommitted(commit, "demo", "seat2", guestFingerprint, guestNonce)).toBe(false);
  expect(await isCommitted(commit, "demo", "seat1", guestFingerprint, run(1, 15))).toBe(false);
});

/** The two browsers, and a signalling server between them that may swap what it passes on. */
async function talkThrough(swap: {
  certificates: boolean;
  nonces: boolean;
}): Promise<{ guest: string; staff: string }> {
  const own = async (): Promise<{ fingerprint: Bytes; nonce: Bytes }> => ({
    fingerprint: await sha256(newNonce()),
    nonce: newNonce(),
  });
  const [guest, staff, towardsStaff, towardsGuest] = [await own(), await own(), await own(), await own()];
  const seenByStaff = {
    fingerprint: swap.certificates ? towardsStaff.fingerprint : guest.fingerprint,
    nonce: swap.nonces ? towardsStaff.nonce : guest.nonce,
  };
  const seenByGuest = {
    fingerprint: swap.certificates ? towardsGuest.fingerprint : staff.fingerprint,
    nonce: swap.nonces ? towardsGuest.nonce : staff.nonce,
  };
  const names = { agency: "demo", seat: "seat1" };
  return {
    guest: await safetyCode({
      ...names,
      staffFingerprint: seenByGuest.fingerprint,
      guestFingerprint: guest.fingerprint,
      staffNonce: seenByGuest.nonce,
      guestNonce: guest.nonce,
    }),
    staff: await safetyCode({
      ...names,
      staffFingerprint: staff.fingerprint,
      guestFingerprint: seenByStaff.fingerprint,
      staffNonce: staff.nonce,
      guestNonce: seenByStaff.nonce,
    }),
  };
}

test("E2E-04: an honest server leads to the same digits on both screens", async () => {
  const { guest, staff } = await talkThrough({ certificates: false, nonces: false });
  expect(guest).toMatch(/^\d{6}$/);
  expect(staff).toBe(guest);
});

test("E2E-04: a server that swaps keys gets different digits", async () => {
  let equal = 0;
  for (let round = 0; round < 200; round++) {
    const swaps = { certificates: true, nonces: round % 2 === 0 };
    const { guest, staff } = await talkThrough(swaps);
    if (guest === staff) equal++;
  }
  // By chance one in a million is equal.
  expect(equal).toBe(0);
});

test("base64url goes both ways, and nothing else is taken", () => {
  const bytes = run(250, 6);
  expect(decodeBase64url(encodeBase64url(bytes))).toEqual(bytes);
  expect(encodeBase64url(Uint8Array.of(0xfb, 0xff))).toBe("-_8");
  for (const wrong of ["a+b/", "a b", "ab=", "a"]) expect(decodeBase64url(wrong)).toBeUndefined();
});

test("a code is read in two groups", () => {
  expect(spaced("482915")).toBe("482 915");
});
