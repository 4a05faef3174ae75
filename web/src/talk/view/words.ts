import { type FormRead, formRead } from "../form/answer";

/** What a page and its sandbox say to each other. Nothing that comes out of the sandbox is believed before it was looked at. */

/** In bytes; more is saved, and opened by a program of its own. */
export const largestShown = 30_000_000;
/** Of a document; nobody reads so many in a talk. */
export const mostPages = 500;
/** Of one page, as many as a telephone bears. */
export const mostPixels = 8_000_000;
const longestSide = 8_192;
/** Lines of a page's text, and units of each. */
const mostLines = 2_000;
const longestLine = 2_000;

/** What some documents need besides: decoders of scanned pages, and two fonts that documents do not bring along. */
export const parts = ["jbig2.wasm", "openjpeg.wasm", "FoxitSymbol.pfb", "FoxitDingbats.pfb"] as const;
export type Part = (typeof parts)[number];

export type Ask =
  | { do: "open"; bytes: ArrayBuffer; type: string }
  | { do: "page"; number: number }
  /** The fields of a form, and the form filled in with these values. */
  | { do: "form" }
  | { do: "fill"; values: readonly unknown[] }
  /** Without bytes where it has not come. */
  | { do: "part"; part: Part; bytes?: ArrayBuffer };

/** Why something is not shown. */
const reasons = [
  "damaged",
  "locked",
  "large",
  /** A form that only Adobe's own programs draw (XFA). */
  "form",
  /** This browser cannot do it. */
  "unable",
] as const;
export type Why = (typeof reasons)[number];

export interface Shown {
  readonly number: number;
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
  readonly lines: readonly string[];
  /** Something on it could not be drawn. */
  readonly lacking: boolean;
}

export type Answer =
  | { do: "opened"; pages: number }
  | { do: "shown"; shown: Shown }
  | { do: "form"; form: FormRead }
  /** Without bytes where something could not be written. */
  | { do: "filled"; bytes?: ArrayBuffer }
  | { do: "need"; part: Part }
  | { do: "failed"; why: Why };

type Said = Readonly<Record<string, unknown>>;

/** Undefined for what is not exactly one of these. */
export function answerOf(data: unknown): Answer | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const said = data as Said;
  switch (said.do) {
    case "opened":
      return isCount(said.pages, 1_000_000) ? { do: "opened", pages: said.pages } : undefined;
    case "shown":
      return shownOf(said.shown);
    case "form":
      return formOf(said.form);
    case "filled":
      return filledOf(said.bytes);
    case "need":
      return isOneOf(parts, said.part) ? { do: "need", part: said.part } : undefined;
    case "failed":
      return isOneOf(reasons, said.why) ? { do: "failed", why: said.why } : undefined;
    default:
      return undefined;
  }
}

function shownOf(data: unknown): Answer | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const { number, width, height, pixels, lines, lacking } = data as Said;
  if (!isCount(number, mostPages) || !isCount(width, longestSide) || !isCount(height, longestSide))
    return undefined;
  if (!(pixels instanceof Uint8ClampedArray) || !(pixels.buffer instanceof ArrayBuffer)) return undefined;
  if (width * height > mostPixels || pixels.length !== width * height * 4) return undefined;
  const own = pixels as Uint8ClampedArray<ArrayBuffer>;
  const read = Array.isArray(lines) ? lines.slice(0, mostLines).filter(isText).map(plain) : [];
  return {
    do: "shown",
    shown: {
      number,
      width,
      height,
      pixels: own,
      lines: read.filter((line) => line !== ""),
      lacking: lacking === true,
    },
  };
}

function formOf(data: unknown): Answer | undefined {
  const form = formRead(data);
  return form && { do: "form", form };
}

function filledOf(bytes: unknown): Answer | undefined {
  if (bytes === undefined) return { do: "filled" };
  return bytes instanceof ArrayBuffer && bytes.byteLength <= largestShown
    ? { do: "filled", bytes }
    : undefined;
}

/** Without what turns, hides or breaks letters (Unicode TR 36). */
function plain(line: string): string {
  return line
    .slice(0, longestLine)
    .replace(/\p{C}+/gu, " ")
    .trim();
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isCount(value: unknown, most: number): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0 && (value as number) <= most;
}

function isOneOf<T extends string>(all: readonly T[], value: unknown): value is T {
  return all.includes(value as T);
}

/** How much smaller something of this size is to be drawn; 1 where it fits. */
export function fit(width: number, height: number): number {
  return Math.min(1, Math.sqrt(mostPixels / (width * height)), longestSide / Math.max(width, height));
}
