// @vitest-environment happy-dom
import { expect, test } from "vitest";
import type { Language } from "../i18n/languages";
import { Texts } from "./texts.svelte";

type Key = "page.a" | "part.b";

const page = (language: Language) => Promise.resolve({ "page.a": `a ${language}` });
const part = (language: Language) => Promise.resolve({ "part.b": `b ${language}` });

test("texts that came later change with the language", async () => {
  const texts = await Texts.open<Key>(page, "de");
  await texts.add(part);
  expect([texts.t("page.a"), texts.t("part.b")]).toEqual(["a de", "b de"]);
  await texts.change("en");
  expect([texts.t("page.a"), texts.t("part.b")]).toEqual(["a en", "b en"]);
});

test("a language chosen while texts travel is the one that counts", async () => {
  const texts = await Texts.open<Key>(page, "de");
  await Promise.all([texts.add(part), texts.change("en")]);
  expect([texts.language, texts.t("page.a"), texts.t("part.b")]).toEqual(["en", "a en", "b en"]);
});

test("texts that could not be loaded leave the others alone, and can be asked for again", async () => {
  const texts = await Texts.open<Key>(page, "de");
  let gone = true;
  const shaky = (language: Language) => (gone ? Promise.reject(new Error("gone")) : part(language));
  await expect(texts.add(shaky)).rejects.toThrow("gone");
  await texts.change("en");
  expect(texts.t("page.a")).toBe("a en");
  gone = false;
  await texts.add(shaky);
  expect(texts.t("part.b")).toBe("b en");
});
