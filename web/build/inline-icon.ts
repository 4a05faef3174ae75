import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

const named = 'href="/favicon.svg"';

/** Puts the drawing of the tab into the guests' page: as a file of its own, most of what travels is the answer's head. */
export function inlineIcon(): Plugin {
  let drawing = "";
  return {
    name: "visavis-inline-icon",
    apply: "build",
    configResolved({ publicDir }) {
      drawing = readFileSync(join(publicDir, "favicon.svg"), "utf8").trim();
    },
    transformIndexHtml(html, { path }) {
      if (path !== "/guest.html") return html;
      const address = drawing.replaceAll('"', "'").replace(/[%#]/g, encodeURIComponent);
      return html.replace(named, `href="data:image/svg+xml,${address}"`);
    },
  };
}
