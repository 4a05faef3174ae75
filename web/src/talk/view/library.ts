import jbig2 from "pdfjs-dist/wasm/jbig2.wasm?url";
import openjpeg from "pdfjs-dist/wasm/openjpeg.wasm?url";
import dingbats from "pdfjs-dist/standard_fonts/FoxitDingbats.pfb?url";
import symbol from "pdfjs-dist/standard_fonts/FoxitSymbol.pfb?url";
import pdf from "./reader/pdf?worker&url";
import picture from "./reader/picture?worker&url";
import type { Library } from "./viewing";
import type { Part } from "./words";

const parts: Record<Part, string> = {
  "jbig2.wasm": jbig2,
  "openjpeg.wasm": openjpeg,
  "FoxitDingbats.pfb": dingbats,
  "FoxitSymbol.pfb": symbol,
};

/** In ms, for as much as half a megabyte over a bad mobile network. */
const longestLoad = 60_000;

/** From our own origin; the sandbox itself can fetch nothing. */
export const library: Library = {
  code: async (type) => (await load(type === "application/pdf" ? pdf : picture)).text(),
  part: async (part) => (await load(parts[part])).arrayBuffer(),
};

async function load(url: string): Promise<Response> {
  const response = await fetch(url, { signal: AbortSignal.timeout(longestLoad) });
  if (!response.ok) throw new Error(`${response.status} ${url}`);
  return response;
}
