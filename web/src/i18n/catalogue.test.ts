import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { argumentsOf } from "./format";
import { languages } from "./languages";

const root = join(import.meta.dirname, "../../..");
const locales = join(root, "locales");
const source = "de";
const parts = readdirSync(join(locales, source));

function read(language: string, part: string): Record<string, string> {
  return JSON.parse(readFileSync(join(locales, language, part), "utf8")) as Record<string, string>;
}

describe.each(parts)("%s", (part) => {
  const german = read(source, part);
  const prefix = `${part.replace(".json", "")}.`;

  test("keys begin with the name of their file", () => {
    expect(Object.keys(german).filter((key) => !key.startsWith(prefix))).toEqual([]);
  });

  test.each(languages.map((language) => language.tag))(
    "%s has every key with the same arguments",
    (language) => {
      const shape = (messages: Record<string, string>) =>
        Object.fromEntries(Object.entries(messages).map(([key, message]) => [key, argumentsOf(message)]));
      expect(shape(read(language, part))).toEqual(shape(german));
    },
  );

  test("no text is empty", () => {
    const empty = languages.flatMap(({ tag }) =>
      Object.entries(read(tag, part))
        .filter(([, message]) => message.trim() === "")
        .map(([key]) => `${tag} ${key}`),
    );
    expect(empty).toEqual([]);
  });
});

test("every language of the catalogue is offered, and no other", () => {
  const folders = readdirSync(locales, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(folders.map((entry) => entry.name).sort()).toEqual(languages.map((language) => language.tag).sort());
});

/** Keys built at run time keep a literal beginning: `errors.${code}` uses everything below `errors.`. */
test("no text is unused", () => {
  const code = sources(["web/src", "web", "internal", "cmd"]);
  const begun = [...code.matchAll(/[`"']([a-z]+(?:\.[\w-]+)*\.)(?:\$\{|["'`]\s*\+)/g)].map(
    (match) => match[1] ?? "",
  );
  const said = new Set([...code.matchAll(/["'`]([\w.-]+)(?=["'`])/g)].map((match) => match[1]));
  const unused = parts
    .flatMap((part) => Object.keys(read(source, part)))
    .filter((key) => !said.has(key) && !begun.some((beginning) => key.startsWith(beginning)));
  expect(unused).toEqual([]);
});

function sources(folders: string[]): string {
  const texts: string[] = [];
  for (const folder of folders) {
    for (const entry of list(join(root, folder), folder !== "web")) texts.push(readFileSync(entry, "utf8"));
  }
  return texts.join("\n");
}

function list(folder: string, recursive: boolean): string[] {
  try {
    return readdirSync(folder, { recursive, encoding: "utf8" })
      .filter(
        (name) =>
          /\.(ts|svelte|html|go|tmpl)$/.test(name) && !name.includes(".test.") && !name.endsWith("_test.go"),
      )
      .map((name) => join(folder, name));
  } catch {
    return []; // Not every folder exists from the first day.
  }
}
