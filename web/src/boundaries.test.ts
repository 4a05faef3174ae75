import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const src = import.meta.dirname;
const web = join(src, "..");

function files(folder: string, pattern: RegExp): { name: string; text: string }[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => pattern.test(name))
    .map((name) => ({ name, text: readFileSync(join(folder, name), "utf8") }));
}

const offenders = (found: { name: string; text: string }[], pattern: RegExp) =>
  found.filter(({ text }) => pattern.test(text)).map(({ name }) => name);

test("only src/ui knows KERN's classes", () => {
  const outside = files(src, /\.(svelte|ts|scss|css)$/).filter(
    ({ name }) => !name.startsWith("ui/") && !name.endsWith(".test.ts"),
  );
  expect(outside.length).toBeGreaterThan(0);
  expect(offenders(outside, /\bkern-/)).toEqual([]);
});

test("pages have no inline script, style or handler, which the content security policy refuses", () => {
  const pages = readdirSync(web)
    .filter((name) => name.endsWith(".html"))
    .map((name) => ({ name, text: readFileSync(join(web, name), "utf8") }));
  expect(pages.length).toBeGreaterThan(1);
  expect(offenders(pages, /<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)/)).toEqual([]);
});

test("nothing is fetched from elsewhere", () => {
  const all = files(src, /\.(svelte|ts|scss|css)$/).filter(
    ({ name }) => !/^gallery\/|\.test\.ts$/.test(name),
  );
  expect(offenders(all, /(?:src|href|url\()\s*=?\s*["'(]?https?:\/\//)).toEqual([]);
});

test("the library for group talks is loaded by src/call, and only when needed", () => {
  const all = files(src, /\.(svelte|ts)$/).filter(({ name }) => name !== "boundaries.test.ts");
  const outside = all.filter(({ name }) => !name.startsWith("call/"));
  expect(offenders(outside, /["']livekit-client/)).toEqual([]);
  expect(offenders(all, /^import (?!type )[^;]*["']livekit-client/m)).toEqual([]);
});

test("components stay small enough to read", () => {
  const long = files(src, /\.svelte$/).filter(
    ({ name, text }) => !name.startsWith("gallery/") && text.split("\n").length > 150,
  );
  expect(long.map(({ name }) => name)).toEqual([]);
});
