import type { Bytes } from "./code";

/** Reading and trimming session descriptions as text. All of it is pure. */

export class BadDescription extends Error {
  override readonly name = "BadDescription";
}

const audioLevel = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
const maxDescription = 64 * 1024;
/**
 * The other browser's first guess of the network, in kbit/s, before it has measured anything (libwebrtc and what is made
 * of it read this; others ignore it). At its own 300 the first picture takes a tenth of a second to leave.
 */
const firstGuess = "x-google-start-bitrate=600";

/**
 * The one certificate fingerprint of a description. Everything runs over one transport (max-bundle), so more than one
 * value, another algorithm, or none at all is an attempt at something else.
 */
export function fingerprintOf(sdp: string): Bytes {
  if (sdp.length > maxDescription) throw new BadDescription("too large");
  const values = new Set<string>();
  for (const line of lines(sdp)) {
    if (!line.toLowerCase().startsWith("a=fingerprint:")) continue;
    const [algorithm, value, ...rest] = line.slice("a=fingerprint:".length).trim().split(/\s+/);
    if (algorithm?.toLowerCase() !== "sha-256" || !value || rest.length > 0)
      throw new BadDescription("fingerprint");
    values.add(value.toUpperCase());
  }
  const [only] = values;
  if (only === undefined || values.size !== 1) throw new BadDescription("fingerprint");
  return parseFingerprint(only);
}

/** "AB:CD:…" as browsers write it, in descriptions and statistics alike. */
export function parseFingerprint(text: string): Bytes {
  const pairs = text.split(":");
  if (pairs.length !== 32 || pairs.some((pair) => !/^[0-9a-f]{2}$/i.test(pair)))
    throw new BadDescription("fingerprint");
  return Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16));
}

/**
 * What leaves this browser: no addresses of its own (the relay needs none), no audio level in clear text beside the
 * encrypted sound, and the wish for Opus at constant bit rate without pauses, so that the size of packets tells
 * nothing about what is said (RFC 6562), and for pictures that start at once. Nor what Firefox goes on saying about
 * codecs that were not chosen: Chromium takes no such description.
 */
export function outgoing(sdp: string): string {
  const opus = new Set<string>();
  const kept: string[] = [];
  let formats: readonly string[] = [];
  for (const line of lines(sdp)) {
    if (line.startsWith("m=")) formats = line.split(" ").slice(3);
    const about = /^a=(?:rtcp-fb|fmtp|rtpmap):(\d+) /.exec(line)?.[1];
    if (about !== undefined && !formats.includes(about)) continue;
    const found = /^a=rtpmap:(\d+) opus\//i.exec(line);
    if (found?.[1]) opus.add(found[1]);
    if (line.startsWith("a=candidate:") || line === "a=end-of-candidates") continue;
    if (line.startsWith("a=extmap:") && line.includes(audioLevel)) continue;
    if (line.startsWith("c=")) kept.push("c=IN IP4 0.0.0.0");
    else if (line.startsWith("a=rtcp:")) kept.push("a=rtcp:9 IN IP4 0.0.0.0");
    else kept.push(line);
  }
  return `${eager(kept.map((line) => steadyOpus(line, opus))).join("\r\n")}\r\n`;
}

/**
 * The offer as the advisor's browser gets it: the guest takes the part of the DTLS client. The advisor's leg is ready
 * first, and what it sends before the guest's leg is there would be lost and repeated only after a pause.
 */
export function guestBegins(sdp: string): string {
  return sdp.replaceAll("a=setup:actpass", "a=setup:active");
}

/** The kinds of the sections, in order: "audio video video application". */
export function sections(sdp: string): string {
  return lines(sdp)
    .filter((line) => line.startsWith("m="))
    .map((line) => line.slice(2, line.indexOf(" ")))
    .join(" ");
}

export const wantedSections = "audio video video application";

/** Says the first guess for VP8, in the one line there may be about a codec; Firefox has one already. */
function eager(all: readonly string[]): string[] {
  const starts = all.flatMap((line, at) => (line.startsWith("m=") ? [at] : []));
  return [0, ...starts].flatMap((from, index) => {
    const section = all.slice(from, starts[index] ?? all.length);
    const vp8 = section.flatMap((line) => /^a=rtpmap:(\d+) vp8\//i.exec(line)?.[1] ?? []);
    const about = (line: string) => vp8.find((format) => line.startsWith(`a=fmtp:${format} `));
    const untold = vp8.filter((format) => !section.some((line) => about(line) === format));
    return section.flatMap((line) => {
      const mapped = untold.find((format) => line.startsWith(`a=rtpmap:${format} `));
      if (mapped !== undefined) return [line, `a=fmtp:${mapped} ${firstGuess}`];
      return about(line) === undefined || line.includes(firstGuess) ? line : `${line};${firstGuess}`;
    });
  });
}

function steadyOpus(line: string, opus: ReadonlySet<string>): string {
  const found = /^a=fmtp:(\d+) (.*)$/.exec(line);
  if (!found?.[1] || !opus.has(found[1])) return line;
  const parameters = (found[2] ?? "")
    .split(";")
    .map((parameter) => parameter.trim())
    .filter((parameter) => parameter && !/^(cbr|usedtx)=/.test(parameter));
  return `a=fmtp:${found[1]} ${[...parameters, "cbr=1", "usedtx=0"].join(";")}`;
}

function lines(sdp: string): string[] {
  return sdp.split(/\r?\n/).filter((line) => line !== "");
}
