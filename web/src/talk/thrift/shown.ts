import { Unhurried } from "./unhurried";

/** Below it nobody recognises a face; above it no screen shows one. */
const bounds = { least: 90, most: 4_320 };

/** How many lines the other side says that it shows of this one's picture; undefined for what is no such number. */
export function linesOf(value: unknown): number | undefined {
  if (typeof value !== "number" || !Number.isFinite(value) || value <= 0) return undefined;
  return Math.min(bounds.most, Math.max(bounds.least, Math.floor(value)));
}

/** What an element shows of a picture, and how: all of it, or as much as fills it (CSS Images 3, object-fit). */
export interface Frame {
  width: number;
  height: number;
  videoWidth: number;
  videoHeight: number;
  cover: boolean;
  /** Of the screen, for each pixel of the page. */
  density: number;
}

/** So many lines the whole picture would have on this screen, with those that are cut off; undefined before there is one. */
export function linesShown({
  width,
  height,
  videoWidth,
  videoHeight,
  cover,
  density,
}: Frame): number | undefined {
  if (videoWidth <= 0 || videoHeight <= 0 || width <= 0 || height <= 0) return undefined;
  const fit = cover ? Math.max : Math.min;
  return linesOf(Math.max(1, fit(width / videoWidth, height / videoHeight) * videoHeight * density));
}

const settledMs = 1_000;

/** Watches the element that shows the other person, and tells when it has become larger or smaller. */
export class Shown {
  private told = 0;
  private readonly telling: Unhurried<number>;
  private readonly sizes: ResizeObserver;
  private readonly look = (): void => {
    const { clientWidth: width, clientHeight: height, videoWidth, videoHeight } = this.element;
    const cover = getComputedStyle(this.element).objectFit === "cover";
    const lines = linesShown({ width, height, videoWidth, videoHeight, cover, density: devicePixelRatio });
    if (lines !== undefined && lines !== this.told) this.telling.wish(lines);
  };

  constructor(
    private readonly element: HTMLVideoElement,
    tell: (lines: number) => void,
  ) {
    this.telling = new Unhurried(settledMs, (lines) => {
      this.told = lines;
      tell(lines);
    });
    this.sizes = new ResizeObserver(this.look);
    this.sizes.observe(element);
    element.addEventListener("resize", this.look); // another shape of the picture
  }

  /** To a page that is new, or has not listened before. */
  again(): void {
    this.told = 0;
    this.look();
  }

  close(): void {
    this.sizes.disconnect();
    this.telling.forget();
    this.element.removeEventListener("resize", this.look);
  }
}
