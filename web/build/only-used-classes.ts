import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { AtRule, Plugin, Rule } from "postcss";

const kern = /kern-[a-z0-9_-]+/g;
// Themes are set by class here, and nobody sends files.
const unused = /\[data-kern-theme|\[type="?file/;
// What a selector must not match, or only one of several that it may, tells nothing of what is needed.
const open = /:(?:not|is|where)\((?:[^()]|\([^()]*\))*\)/g;

/**
 * Leaves out of KERN the rules for classes that no component names. Classes put together at run time keep a literal
 * beginning: `kern-badge--${tone}` needs everything that begins with `kern-badge--`.
 */
export function onlyUsedClasses(named: ReadonlySet<string>): Plugin {
  const begun = [...named].filter((name) => name.endsWith("-"));
  const used = (name: string): boolean => named.has(name) || begun.some((start) => name.startsWith(start));
  const needed = (selector: string): boolean => {
    const wanted = selector.replace(open, "");
    return !unused.test(wanted) && (wanted.match(/(?<=\.)kern-[a-z0-9_-]+/g) ?? []).every(used);
  };
  return {
    postcssPlugin: "visavis-only-used-classes",
    OnceExit(root) {
      root.walkRules(/kern-/, (rule) => {
        const selectors = rule.selectors.filter(needed);
        if (selectors.length > 0) rule.selectors = selectors;
        else removeWithEmptyParents(rule);
      });
    },
  };
}

/** Every word in a folder's components and style sheets that could be one of KERN's classes. */
export function classesNamedIn(folder: string): ReadonlySet<string> {
  const files = readdirSync(folder).filter((name) => /\.(svelte|scss)$/.test(name));
  return new Set(files.flatMap((name) => readFileSync(join(folder, name), "utf8").match(kern) ?? []));
}

function removeWithEmptyParents(rule: Rule | AtRule): void {
  const { parent } = rule;
  rule.remove();
  if (parent && parent.type !== "root" && parent.nodes?.length === 0) removeWithEmptyParents(parent);
}
