/** How much of the pictures goes through the networks of two people: what the thriftier of them wants counts for both. */
export const levels = ["full", "small", "none"] as const;
export type Level = (typeof levels)[number];

/** Of a word that is not known here, what saves most counts: it comes from a newer page. */
export function levelOf(value: unknown): Level {
  if (typeof value !== "string") return "full";
  return levels.find((level) => level === value) ?? "none";
}

export function thriftier(one: Level, other: Level): Level {
  return levels.indexOf(one) > levels.indexOf(other) ? one : other;
}

/**
 * What ten minutes take at most, both ways together, in MB: pictures as large as they may be sent, and sound, which is the
 * same at each level. With headers and repairs, as it was measured between two browsers.
 */
export const megabytes: Record<Level, number> = { full: 240, small: 40, none: 12 };

/** In pictures a second, bits a second and lines of a picture. */
export interface Limits {
  /** More sound in a packet where the way is narrow, so that less of it is headers (WebRTC extensions; Chromium). */
  adaptivePtime?: boolean;
  maxBitrate?: number;
  maxFramerate?: number;
  lines?: number;
}

/** A face can be read in 240 lines, and a text on a shown screen only in all of them: it comes more seldom instead. */
export const small = {
  camera: { maxBitrate: 180_000, maxFramerate: 15, lines: 240 },
  screen: { maxBitrate: 250_000, maxFramerate: 5 },
} satisfies Record<string, Limits>;

/** Where the way carries little more than a voice: a third of it, which leaves Opus its repair of what is lost (RFC 6716 §2.1.7). */
export const thinVoice = {
  long: { maxBitrate: 20_000, adaptivePtime: true },
  short: { maxBitrate: 20_000, adaptivePtime: false },
} satisfies Record<string, Limits>;
/** A page of text still comes, in its time. */
export const thinScreen: Limits = { maxBitrate: 60_000, maxFramerate: 2 };

/** Fewer lines need fewer bits, though not by as many: what is small is finely drawn. */
const wholeLines = 720;
const leastBits = 150_000;
const bitsFor = (lines: number, whole: number): number =>
  lines >= wholeLines
    ? whole
    : Math.min(whole, Math.max(leastBits, Math.round(whole * (lines / wholeLines) ** 1.5)));

/** The camera's limits, for as many lines as the other side shows of it. */
export function cameraLimits(saved: Limits, lines: number | undefined): Limits {
  if (lines === undefined || lines >= (saved.lines ?? Number.POSITIVE_INFINITY)) return saved;
  const { maxBitrate } = saved;
  return { ...saved, lines, ...(maxBitrate === undefined ? {} : { maxBitrate: bitsFor(lines, maxBitrate) }) };
}

/**
 * What is set of a sender's encoding; undefined where that is so already. `early`: the network is not known yet, and
 * pictures that are smaller for that reason stay so (call/peer).
 */
export function encodingFor(
  now: RTCRtpEncodingParameters & Pick<Limits, "adaptivePtime">,
  limits: Limits,
  height: number | undefined,
  early = false,
): RTCRtpEncodingParameters | undefined {
  const { lines, ...rates } = limits;
  const { maxBitrate: _, maxFramerate: __, adaptivePtime: ___, ...others } = now;
  const wanted: RTCRtpEncodingParameters = { ...others, ...rates };
  const before = now.scaleResolutionDownBy ?? 1;
  if (lines !== undefined && height !== undefined)
    wanted.scaleResolutionDownBy = Math.max(1, height / lines, early ? before : 1);
  else if (now.maxFramerate !== undefined && limits.maxFramerate === undefined)
    wanted.scaleResolutionDownBy = 1;
  const same =
    wanted.maxBitrate === now.maxBitrate &&
    wanted.maxFramerate === now.maxFramerate &&
    (limits.adaptivePtime ?? false) === (now.adaptivePtime ?? false) &&
    Math.abs((wanted.scaleResolutionDownBy ?? 1) - before) < 0.01;
  return same ? undefined : wanted;
}
