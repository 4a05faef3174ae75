/** A piece of what somebody has written; with `url` where it is an address of the web. */
export interface Piece {
  readonly text: string;
  readonly url?: URL;
}

/** Sentences end behind addresses, and brackets around them. */
const address = /https?:\/\/[^\s<>"„“”]+?(?=[.,;:!?)\]}»'’]*(?:[\s<>"„“”]|$))/giu;

/** The same text in pieces, in order. */
export function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const { 0: found, index } of text.matchAll(address)) {
    const url = parsed(found);
    // A name before the host is there to deceive: https://agency.example@elsewhere.example (RFC 3986 §7.6).
    if (!url || url.username !== "" || url.password !== "") continue;
    if (index > from) pieces.push({ text: text.slice(from, index) });
    pieces.push({ text: found, url });
    from = index + found.length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from) });
  return pieces;
}

/** URL.parse is younger than the browsers that we support. */
function parsed(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
