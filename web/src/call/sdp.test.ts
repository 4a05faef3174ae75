import { describe, expect, test } from "vitest";
import { fingerprintOf, guestBegins, outgoing, parseFingerprint, sections, wantedSections } from "./sdp";

const value = Array.from({ length: 32 }, (_, index) =>
  index.toString(16).padStart(2, "0").toUpperCase(),
).join(":");
const other = value.replace("00:01", "FF:01");

const offer = [
  "v=0",
  "o=- 1 2 IN IP4 127.0.0.1",
  "s=-",
  "a=group:BUNDLE 0 1 2 3",
  "m=audio 51472 UDP/TLS/RTP/SAVPF 111 63",
  "c=IN IP4 192.0.2.17",
  "a=rtcp:9 IN IP4 192.0.2.17",
  "a=candidate:1 1 udp 2122260223 192.0.2.17 51472 typ host generation 0",
  "a=end-of-candidates",
  `a=fingerprint:sha-256 ${value}`,
  "a=setup:actpass",
  "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level",
  "a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid",
  "a=rtpmap:111 opus/48000/2",
  "a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1",
  "a=rtpmap:63 red/48000/2",
  "a=fmtp:63 111/111",
  "m=video 9 UDP/TLS/RTP/SAVPF 96",
  `a=fingerprint:sha-256 ${value.toLowerCase()}`,
  "a=setup:actpass",
  "a=rtpmap:96 VP8/90000",
  "m=video 9 UDP/TLS/RTP/SAVPF 96",
  "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
  "",
].join("\r\n");

describe("what leaves the browser", () => {
  const sent = outgoing(offer);

  test("MIN-09: names no address of this device", () => {
    expect(sent).not.toContain("192.0.2.17");
    expect(sent).not.toContain("candidate");
  });

  test("E2E-07: offers no audio level in clear text, and Opus at constant bit rate without pauses", () => {
    expect(sent).not.toContain("ssrc-audio-level");
    expect(sent).toContain("a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid");
    expect(sent).toContain("a=fmtp:111 minptime=10;useinbandfec=1;cbr=1;usedtx=0\r\n");
    expect(sent).toContain("a=fmtp:63 111/111\r\n");
  });

  test("asks for pictures that start at once", () => {
    expect(sent).toContain("a=rtpmap:96 VP8/90000\r\na=fmtp:96 x-google-start-bitrate=600\r\n");
  });

  test("says nothing about codecs that were not chosen, as Firefox would", () => {
    const chatty = offer.replace("m=application", "a=rtcp-fb:121 nack\r\na=rtcp-fb:96 nack\r\nm=application");
    expect(outgoing(chatty)).toBe(sent.replace("m=application", "a=rtcp-fb:96 nack\r\nm=application"));
  });

  test("asks for them in the one line about VP8 where there is one, as in Firefox", () => {
    const own = "a=fmtp:96 max-fs=12288;max-fr=60\r\na=rtpmap:96 VP8/90000";
    const asked = outgoing(offer.replace("a=rtpmap:96 VP8/90000", own));
    const wanted = "a=fmtp:96 max-fs=12288;max-fr=60;x-google-start-bitrate=600\r\na=rtpmap:96 VP8/90000\r\n";
    expect(asked).toContain(wanted);
    expect(asked.match(/a=fmtp:96 /g)).toHaveLength(1);
    expect(outgoing(asked)).toBe(asked);
  });

  test("says it once, however often it passes", () => {
    expect(outgoing(sent)).toBe(sent);
  });

  test("keeps everything that decides who is who", () => {
    expect(sent).toContain(`a=fingerprint:sha-256 ${value}`);
    expect(sent).toContain("a=setup:actpass");
    expect(sections(sent)).toBe(wantedSections);
  });
});

test("the guest begins the handshake", () => {
  expect(guestBegins(offer)).not.toContain("actpass");
  expect(guestBegins(offer).match(/a=setup:active/g)).toHaveLength(2);
});

describe("the fingerprint of a description", () => {
  test("is the same in all sections, whatever its case", () => {
    expect(fingerprintOf(offer)).toEqual(parseFingerprint(value));
    expect(fingerprintOf(offer)[31]).toBe(31);
  });

  test.each([
    ["a second certificate", offer.replace(value.toLowerCase(), other)],
    ["another algorithm", offer.replace("sha-256", "sha-1")],
    ["none", offer.replaceAll(/a=fingerprint.*\r\n/g, "")],
    ["a short one", offer.replaceAll(new RegExp(value, "gi"), "00:01")],
    ["letters that are no digits", offer.replaceAll(new RegExp(value, "gi"), value.replace("0A", "ZZ"))],
    ["a huge description", offer + "a=x\r\n".repeat(20_000)],
  ])("%s is refused", (_, sdp) => {
    expect(() => fingerprintOf(sdp)).toThrow();
  });
});
