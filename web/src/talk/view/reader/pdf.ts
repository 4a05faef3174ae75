import "./older";
// Reads and draws in one and the same worker: the module puts its part of the reader where getDocument looks for it.
import "pdfjs-dist/legacy/build/pdf.worker.mjs";
import {
  AnnotationMode,
  getDocument,
  type PDFDocumentProxy,
  type PDFPageProxy,
} from "pdfjs-dist/legacy/build/pdf.mjs";
import { fit, mostPages, mostPixels, parts, type Shown } from "../words";
import { fillForm, readForm } from "./form";
import { Refused } from "./refused";
import { type Fetch, type Open, serve } from "./serve";

/** Letters of six points are still sharp, twice as large as on paper. */
const sharpest = 4;
/** Of one picture in a page: 300 dots to the inch on A3. */
const mostPicture = 20_000_000;
const mostCanvas = 4 * mostPixels;

/**
 * A document as pixels. Scripts, actions and attachments of it are run by nobody; forms are drawn as they were
 * filled in; links lead nowhere. Fonts are drawn from their outlines, so that none reaches the browser's own font code.
 */
async function openPdf(bytes: ArrayBuffer, _type: string, fetchPart: Fetch): Promise<Open> {
  let lacking = false;
  const load = (data: ArrayBuffer | Uint8Array): Promise<PDFDocumentProxy> =>
    loaded(data, fetchPart, () => (lacking = true));
  const file = await load(bytes).catch((error: unknown) => {
    throw new Refused((error as Error).name === "PasswordException" ? "locked" : "damaged");
  });
  if (await isOnlyForAdobe(file)) throw new Refused("form");
  return {
    pages: file.numPages,
    draw: async (number) => {
      if (number > mostPages) throw new Refused("large");
      lacking = false;
      const page = await file.getPage(number);
      const shown = await draw(page);
      page.cleanup();
      return { ...shown, lacking };
    },
    form: () => readForm(file),
    fill: (values) => fillForm(file, load, values),
  };
}

function loaded(
  data: ArrayBuffer | Uint8Array,
  fetchPart: Fetch,
  lacks: () => void,
): Promise<PDFDocumentProxy> {
  return getDocument({
    data: new Uint8Array(data),
    verbosity: 0,
    enableXfa: false,
    disableFontFace: true,
    useSystemFonts: false,
    isImageDecoderSupported: false,
    useWorkerFetch: false,
    maxImageSize: mostPicture,
    canvasMaxAreaInBytes: mostCanvas,
    // Only names of what the page outside may be asked for.
    cMapUrl: "/",
    standardFontDataUrl: "/",
    wasmUrl: "/",
    CanvasFactory: Canvases,
    FilterFactory: Filters,
    BinaryDataFactory: class {
      async fetch({ kind, filename }: { kind: string; filename: string }): Promise<Uint8Array> {
        const part = parts.find((name) => name === filename);
        const found = part && (await fetchPart(part));
        if (found) return new Uint8Array(found.slice(0));
        // What a browser has itself instead of a font that documents do not bring along is near enough.
        if (kind !== "standardFontDataUrl") lacks();
        throw new Error(`${filename} is not here`);
      }
    },
  }).promise;
}

/** Its pages say nothing but that another program is needed. */
async function isOnlyForAdobe(file: PDFDocumentProxy): Promise<boolean> {
  const { info } = await file.getMetadata();
  const { IsXFAPresent: xfa, IsAcroFormPresent: fields } = info as Record<string, unknown>;
  return xfa === true && fields !== true;
}

async function draw(page: PDFPageProxy): Promise<Shown> {
  const { width, height } = page.getViewport({ scale: 1 });
  if (!(width > 0 && height > 0)) throw new Refused("damaged");
  const viewport = page.getViewport({ scale: sharpest * fit(width * sharpest, height * sharpest) });
  const canvas = new OffscreenCanvas(
    Math.max(1, Math.floor(viewport.width)),
    Math.max(1, Math.floor(viewport.height)),
  );
  // It is drawn on like one of a page, which its types ask for.
  const drawn = canvas as unknown as HTMLCanvasElement;
  await page.render({ canvas: drawn, viewport, annotationMode: AnnotationMode.ENABLE }).promise;
  const pixels = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data;
  if (!pixels) throw new Refused("unable");
  return {
    number: page.pageNumber,
    width: canvas.width,
    height: canvas.height,
    pixels,
    lines: await linesOf(page),
    lacking: false,
  };
}

async function linesOf(page: PDFPageProxy): Promise<string[]> {
  const { items } = await page.getTextContent().catch(() => ({ items: [] }));
  const lines = [""];
  for (const item of items) {
    if (!("str" in item)) continue;
    lines[lines.length - 1] += item.str;
    if (item.hasEOL) lines.push("");
  }
  return lines;
}

interface Drawing {
  canvas: OffscreenCanvas | null;
  context: OffscreenCanvasRenderingContext2D | null;
}

/** Canvases of a worker, as the library asks for them. */
class Canvases {
  create(width: number, height: number): Drawing {
    const canvas = new OffscreenCanvas(width, height);
    return { canvas, context: canvas.getContext("2d", { willReadFrequently: true }) };
  }
  reset({ canvas }: Drawing, width: number, height: number): void {
    if (canvas) Object.assign(canvas, { width, height });
  }
  destroy(drawing: Drawing): void {
    if (drawing.canvas) Object.assign(drawing.canvas, { width: 0, height: 0 });
    drawing.canvas = drawing.context = null;
  }
  getNoAlphaContext(canvas: OffscreenCanvas): OffscreenCanvasRenderingContext2D | null {
    return canvas.getContext("2d", { alpha: false, willReadFrequently: true });
  }
}

/** A worker has none: the library computes then what filters would do. */
class Filters {
  addFilter = (): string => "none";
  addHCMFilter = this.addFilter;
  addAlphaFilter = this.addFilter;
  addLuminosityFilter = this.addFilter;
  addKnockoutFilter = this.addFilter;
  addHighlightHCMFilter = this.addFilter;
  addSelectionHCMFilter = this.addFilter;
  addSelectionFilter = this.addFilter;
  createSelectionStyle = (): null => null;
  destroy = (): void => undefined;
}

serve(openPdf);
