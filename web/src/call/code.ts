/**
 * The safety code of a talk (docs/protocol.md §4): the guest commits itself to certificate and nonce before it learns
 * anything of the advisor's, so a server in the middle has one guess in a million. Nothing here knows a network.
 * `agency` is the agency's slug, `seat` the seat's id.
 */

/** 32 bytes of SHA-256 over a certificate, or 16 random bytes. */
export type Bytes = Uint8Array<ArrayBuffer>;

export interface CodeParts {
  agency: string;
  seat: string;
  staffFingerprint: Bytes;
  guestFingerprint: Bytes;
  staffNonce: Bytes;
  guestNonce: Bytes;
}

const nonceLength = 16;
const encoder = new TextEncoder();

export function newNonce(): Bytes {
  return crypto.getRandomValues(new Uint8Array(nonceLength));
}

export async function commitment(
  agency: string,
  seat: string,
  fingerprint: Bytes,
  nonce: Bytes,
): Promise<string> {
  const digest = await sha256(
    encoder.encode("visavis commit 1"),
    Uint8Array.of(0),
    lengthPrefixed(agency),
    lengthPrefixed(seat),
    fingerprint,
    nonce,
  );
  return encodeBase64url(digest);
}

/** Whether the guest's revealed nonce and the fingerprint of its offer are those it committed itself to. */
export async function isCommitted(
  commit: string,
  agency: string,
  seat: string,
  fingerprint: Bytes,
  nonce: Bytes,
): Promise<boolean> {
  if (nonce.length !== nonceLength || fingerprint.length !== 32) return false;
  return (await commitment(agency, seat, fingerprint, nonce)) === commit;
}

/** Six digits, leading zeros kept. */
export async function safetyCode(parts: CodeParts): Promise<string> {
  const transcript = await sha256(
    encoder.encode("visavis code 1"),
    Uint8Array.of(0),
    lengthPrefixed(parts.agency),
    lengthPrefixed(parts.seat),
    parts.staffFingerprint,
    parts.guestFingerprint,
    parts.staffNonce,
    parts.guestNonce,
  );
  const digest = await sha256(transcript, encoder.encode("code"));
  const number = new DataView(digest.buffer).getBigUint64(0);
  return (number % 1_000_000n).toString().padStart(6, "0");
}

/** As people read it aloud: "482 915". */
export function spaced(code: string): string {
  return `${code.slice(0, 3)} ${code.slice(3)}`;
}

export function encodeBase64url(bytes: Bytes): string {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Undefined when the text is not base64url. */
export function decodeBase64url(text: string): Bytes | undefined {
  if (!/^[\w-]*$/.test(text)) return undefined;
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(binary, (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

export function sameBytes(a: Bytes, b: Bytes): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

export async function sha256(...parts: Bytes[]): Promise<Bytes> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
}

/** Two bytes of length, big-endian, then UTF-8. */
function lengthPrefixed(text: string): Bytes {
  const bytes = encoder.encode(text);
  const whole = new Uint8Array(2 + bytes.length);
  new DataView(whole.buffer).setUint16(0, bytes.length);
  whole.set(bytes, 2);
  return whole;
}
