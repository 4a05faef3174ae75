import type { Kind } from "./kind";

/** In characters; file systems allow 255 bytes, and nobody reads more than this. */
const longest = 100;

/**
 * A name without folders, without what turns or hides letters (Unicode TR 36), and without what Windows forbids
 * (Microsoft, "Naming Files, Paths, and Namespaces"). Empty where nothing is left.
 */
export function plainName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? "";
  const plain = last
    .replace(/[\p{Zl}\p{Zp}\p{Zs}\t\r\n]+/gu, " ")
    .replace(/\p{C}+/gu, "")
    .replace(/[<>:"|?*]/g, "_")
    .replace(/^[. ]+|[. ]+$/g, "");
  return /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(plain) ? `_${plain}` : shortened(plain);
}

/** The name under which it is saved: with an ending that fits what it is. */
export function savedName(name: string, { endings }: Kind, otherwise: string): string {
  const plain = plainName(name) || otherwise;
  const fits = endings.some((ending) => plain.toLowerCase().endsWith(`.${ending}`));
  return fits ? plain : `${plain}.${endings[0] ?? ""}`;
}

/** The ending stays: it is what people go by. */
function shortened(name: string): string {
  const characters = [...name];
  if (characters.length <= longest) return name;
  const ending = /\.\w{1,5}$/.exec(name)?.[0] ?? "";
  return `${characters.slice(0, longest - ending.length).join("")}${ending}`;
}
