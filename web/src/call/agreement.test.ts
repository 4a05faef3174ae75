import { expect, test } from "vitest";
import { Agreement } from "./agreement";
import type { Bytes } from "./code";

const place = () => ({ agency: "musterland", seat: "seat-1" });
const certificate = (byte: number): Bytes => new Uint8Array(32).fill(byte);
const [guestCertificate, staffCertificate, otherCertificate] = [1, 2, 3].map(certificate) as [
  Bytes,
  Bytes,
  Bytes,
];

async function pair(seen = guestCertificate) {
  const guest = new Agreement("guest", place);
  const staff = new Agreement("staff", place);
  staff.hold(await guest.commit(guestCertificate));
  guest.accept(staff.ownNonce);
  return { guest, staff, held: await staff.reveal(guest.ownNonce, seen) };
}

test("E2E-04: both sides come to the same six digits", async () => {
  const { guest, staff, held } = await pair();
  const code = await guest.code(guestCertificate, staffCertificate);
  expect(held).toBe(true);
  expect(code).toMatch(/^\d{6}$/);
  expect(await staff.code(staffCertificate, guestCertificate)).toBe(code);
});

test("E2E-04: a certificate that somebody put in its place does not fit the commitment", async () => {
  const { staff, held } = await pair(otherCertificate);
  expect(held).toBe(false);
  expect(staff.complete).toBe(false);
  expect(await staff.code(staffCertificate, otherCertificate)).toBeUndefined();
});

test("E2E-04: another nonce than the one committed to is refused, and so is none", async () => {
  const guest = new Agreement("guest", place);
  const staff = new Agreement("staff", place);
  staff.hold(await guest.commit(guestCertificate));
  expect(await staff.reveal(new Agreement("guest", place).ownNonce, guestCertificate)).toBe(false);
  expect(await staff.reveal("", guestCertificate)).toBe(false);
  expect(await staff.reveal("not base64url!", guestCertificate)).toBe(false);
});

test("E2E-04: the first commitment and the first nonces count", async () => {
  const { guest, staff } = await pair();
  const code = await staff.code(staffCertificate, guestCertificate);
  const stranger = new Agreement("guest", place);
  staff.hold(await stranger.commit(otherCertificate));
  expect(await staff.reveal(stranger.ownNonce, otherCertificate)).toBe(true);
  guest.accept(stranger.ownNonce);
  expect(await staff.code(staffCertificate, guestCertificate)).toBe(code);
  expect(await guest.code(guestCertificate, staffCertificate)).toBe(code);
});
