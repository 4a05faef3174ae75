import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

const named = 'href="/favicon.png"';

/**
 * Puts the picture of the tab into the guests' page: as a file of its own, most of what travels is the answer's head.
 * It is favicon.svg (beside this file) at 32 × 32 pixels. A browser that is given the drawing itself makes a megabyte of
 * pixels of it each time when a talk begins, for its own controls of sound.
 */
export function inlineIcon(): Plugin {
  let picture = "";
  return {
    name: "visavis-inline-icon",
    apply: "build",
    configResolved({ publicDir }) {
      picture = readFileSync(join(publicDir, "favicon.png")).toString("base64");
    },
    transformIndexHtml(html, { path }) {
      if (path !== "/guest.html") return html;
      return html.replace(named, `href="data:image/png;base64,${picture}"`);
    },
  };
}
