import postcss from "postcss";
import { expect, test } from "vitest";
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
