import type { Plugin, Root } from "postcss";

const use = /var\((--kern-[\w-]+)/g;
// A fallback may hold one pair of parentheses, as in calc(); deeper ones stay as they are.
const useWithFallback = /var\((--kern-[\w-]+),(?:[^()]|\([^()]*\))*\)/g;

/**
 * Leaves out of KERN what nothing asks for: fallbacks of properties that are set, properties that nobody reads,
 * and the nested background levels, which we do not use. It takes a quarter off the compressed style sheet.
 */
export function onlyUsedProperties(): Plugin {
  return {
    postcssPlugin: "visavis-only-used-properties",
    OnceExit(root) {
      root.walkRules(/kern-level-[12]/, (rule) => {
        rule.remove();
      });
      dropFallbacks(root);
      while (dropUnused(root));
    },
  };
}

function dropFallbacks(root: Root): void {
  const defined = new Set<string>();
  root.walkDecls(/^--kern-/, (declaration) => {
    defined.add(declaration.prop);
  });
  root.walkDecls((declaration) => {
    declaration.value = declaration.value.replace(useWithFallback, (whole, name: string) =>
      defined.has(name) ? `var(${name})` : whole,
    );
  });
}

/** Removing one property may leave another unread; reports whether anything went. */
function dropUnused(root: Root): boolean {
  const used = new Set<string>();
  root.walkDecls((declaration) => {
    for (const [, name] of declaration.value.matchAll(use)) if (name) used.add(name);
  });
  let dropped = false;
  root.walkDecls(/^--kern-/, (declaration) => {
    if (used.has(declaration.prop)) return;
    declaration.remove();
    dropped = true;
  });
  return dropped;
}
