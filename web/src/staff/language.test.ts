// @vitest-environment happy-dom
import { afterEach, expect, test, vi } from "vitest";
import { keepLanguage, keptLanguage, onLanguageElsewhere } from "./language";

afterEach(() => {
  vi.unstubAllGlobals();
  localStorage.clear();
});

test("the choice holds in this browser", () => {
  expect(keptLanguage()).toBeUndefined();
  keepLanguage("en");
  expect(keptLanguage()).toBe("en");
  localStorage.setItem("visavis.language", "tlh");
  expect(keptLanguage()).toBeUndefined();
});

test("another window follows", () => {
  const heard: string[] = [];
  onLanguageElsewhere((language) => heard.push(language));
  const changed = (key: string, newValue: string | null): void => {
    globalThis.dispatchEvent(new StorageEvent("storage", { key, newValue }));
  };
  changed("visavis.language", "en");
  changed("visavis.shortcuts", "en");
  changed("visavis.language", null);
  expect(heard).toEqual(["en"]);
});

test("a browser that keeps nothing is no reason to fail", () => {
  vi.stubGlobal("localStorage", undefined);
  keepLanguage("en");
  expect(keptLanguage()).toBeUndefined();
});
