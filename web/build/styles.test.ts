import { join } from "node:path";
import postcss from "postcss";
import { expect, test } from "vitest";
import { classesNamedIn, onlyUsedClasses } from "./only-used-classes.ts";
import { logicalProperties } from "./logical-properties.ts";
import { onlyUsedProperties } from "./only-used-properties.ts";

const run = async (plugin: postcss.Plugin, css: string) =>
  (await postcss([plugin]).process(css, { from: undefined })).css.replace(/\s+/g, " ");

test.each([
  ["a { margin-left: 1px }", "a { margin-inline-start: 1px }"],
  ["a { right: 0 }", "a { inset-inline-end: 0 }"],
  ["a { text-align: right }", "a { text-align: end }"],
  ["a { float: left }", "a { float: inline-start }"],
  ["a { padding: 1px 2px 3px 2px }", "a { padding: 1px 2px 3px 2px }"],
  [
    "a { padding: 1px calc(2px + 3px) 3px 4px }",
    "a { padding-block: 1px 3px; padding-inline: 4px calc(2px + 3px) }",
  ],
])("%s has no side left: %s", async (before, after) => {
  expect(await run(logicalProperties(), before)).toBe(after);
});

test("properties that nobody reads are left out, also those that only they read", async () => {
  const css = ":root { --kern-a: 1px; --kern-b: var(--kern-c); --kern-c: 2px } a { top: var(--kern-a, 3px) }";
  expect(await run(onlyUsedProperties(), css)).toBe(":root { --kern-a: 1px} a { top: var(--kern-a) }");
});

test("the fallback of a property that is set elsewhere stays", async () => {
  const css = "a { top: var(--kern-x, calc(1px * (2 + 3))) }";
  expect(await run(onlyUsedProperties(), css)).toBe(css);
});

test.each([
  [".kern-a, .kern-c { top: 0 }", ".kern-a { top: 0 }"],
  [".kern-a .kern-c { top: 0 } .kern-a { top: 1px }", ".kern-a { top: 1px }"],
  ["@layer kern { @media print { .kern-c { top: 0 } } } a { top: 0 }", "a { top: 0 }"],
  [".kern-a:not(.kern-c) { top: 0 }", ".kern-a:not(.kern-c) { top: 0 }"],
  [
    ":is(body, .kern-c):not([class*=kern-d-]) { top: 0 }",
    ":is(body, .kern-c):not([class*=kern-d-]) { top: 0 }",
  ],
  [".kern-b--info { top: 0 }", ".kern-b--info { top: 0 }"],
  ["[data-kern-theme=dark], .kern-a { top: 0 }", ".kern-a { top: 0 }"],
])("of classes, only those that a component names are left: %s", async (before, after) => {
  expect((await run(onlyUsedClasses(new Set(["kern-a", "kern-b--"])), before)).trim()).toBe(after);
});

test("the classes of our components are found, also the beginnings of those put together at run time", () => {
  const named = classesNamedIn(join(import.meta.dirname, "../src/ui"));
  expect([...named]).toEqual(expect.arrayContaining(["kern-btn", "kern-alert--", "kern-dark"]));
});
