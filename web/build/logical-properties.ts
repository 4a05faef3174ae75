import type { Declaration, Plugin } from "postcss";

/**
 * Rewrites left and right to start and end, so that one style sheet serves both writing directions.
 * KERN knows only left-to-right; our own styles are written logically and pass unchanged.
 */
export function logicalProperties(): Plugin {
  return {
    postcssPlugin: "visavis-logical-properties",
    Declaration(declaration) {
      rewrite(declaration);
    },
  };
}

const renamed: Record<string, string> = {
  left: "inset-inline-start",
  right: "inset-inline-end",
  "border-top-left-radius": "border-start-start-radius",
  "border-top-right-radius": "border-start-end-radius",
  "border-bottom-left-radius": "border-end-start-radius",
  "border-bottom-right-radius": "border-end-end-radius",
};
for (const box of ["margin", "padding", "scroll-margin", "scroll-padding"]) {
  renamed[`${box}-left`] = `${box}-inline-start`;
  renamed[`${box}-right`] = `${box}-inline-end`;
}
for (const part of ["", "-width", "-style", "-color"]) {
  renamed[`border-left${part}`] = `border-inline-start${part}`;
  renamed[`border-right${part}`] = `border-inline-end${part}`;
}

const directions: Record<string, string> = { left: "start", right: "end" };

function rewrite(declaration: Declaration): void {
  const name = renamed[declaration.prop];
  if (name) {
    declaration.prop = name;
  } else if (declaration.prop === "text-align") {
    declaration.value = directions[declaration.value] ?? declaration.value;
  } else if (declaration.prop === "float" || declaration.prop === "clear") {
    const direction = directions[declaration.value];
    if (direction) declaration.value = `inline-${direction}`;
  } else if (declaration.prop === "padding" || declaration.prop === "margin") {
    splitBox(declaration);
  }
}

/** `padding: top right bottom left` has a side; shorter forms are symmetric already. */
function splitBox(declaration: Declaration): void {
  const [top, right, bottom, left, ...rest] = values(declaration.value);
  if (!top || !right || !bottom || !left || rest.length > 0 || right === left) return;
  const { prop, important } = declaration;
  declaration.cloneBefore({ prop: `${prop}-block`, value: `${top} ${bottom}`, important });
  declaration.replaceWith(
    declaration.clone({ prop: `${prop}-inline`, value: `${left} ${right}`, important }),
  );
}

/** Splits at spaces outside parentheses. */
function values(text: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let current = "";
  for (const character of text) {
    if (character === "(") depth++;
    if (character === ")") depth--;
    if (character === " " && depth === 0) {
      if (current) found.push(current);
      current = "";
    } else {
      current += character;
    }
  }
  if (current) found.push(current);
  return found;
}
