import { isForPrograms, meaningOf, type Widget } from "./fields";

/** A piece of a page's text, as the library tells it: where it begins is the end of its transformation. */
export interface Piece {
  readonly str: string;
  readonly transform: readonly number[];
  readonly width: number;
}

/** In points: so far from its button a word is still about it, and so far from the word before. */
const farthest = 24;
const widestGap = 12;

/** Buttons without a name for people are called by what is printed beside them; a page is read only where there are such. */
export function lacksNames(widgets: readonly Widget[]): boolean {
  return widgets.some((widget) => isButton(widget) && isForPrograms(meaningOf(widget)));
}

export function withBeside(widgets: readonly Widget[], pieces: readonly Piece[]): Widget[] {
  return widgets.map((widget) =>
    isButton(widget) ? { ...widget, beside: besideOf(widget, widgets, pieces) } : widget,
  );
}

function besideOf({ rect }: Widget, widgets: readonly Widget[], pieces: readonly Piece[]): string {
  const [, bottom = 0, right = 0, top = 0] = rect;
  const onLine = pieces
    .map(({ str, transform, width }) => ({ str, left: transform[4] ?? 0, base: transform[5] ?? 0, width }))
    .filter(
      ({ str, left, base }) => str.trim() !== "" && left >= right - 1 && base > bottom - 4 && base < top,
    )
    .sort((a, b) => a.left - b.left);
  // What comes after the next button is about that one.
  const end = Math.min(
    ...widgets.flatMap(({ rect: [left = 0, low = 0, , high = 0] }) =>
      left >= right && low < top && high > bottom ? [left] : [],
    ),
    Number.POSITIVE_INFINITY,
  );
  let said = "";
  let at = right;
  for (const { str, left, width } of onLine) {
    if (left >= end || left - at > (said === "" ? farthest : widestGap)) break;
    said += `${said === "" ? "" : " "}${str.trim()}`;
    at = left + width;
  }
  return said;
}

function isButton({ radioButton, checkBox }: Widget): boolean {
  return radioButton === true || checkBox === true;
}
