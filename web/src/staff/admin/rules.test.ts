import { beforeAll, expect, test } from "vitest";
import type { RuleView } from "../../api/admin";
import { loadAdmin, type StaffKey } from "../../i18n/staff";
import { Texts } from "../../ui";
import { mostMinutes, ruleOrigin, ruleValue, wordsOf } from "./rules";

let texts: Texts<StaffKey>;
beforeAll(async () => {
  texts = await Texts.open<StaffKey>(loadAdmin, "de");
});

const rule = (change: Partial<RuleView>): RuleView => ({
  rule: "offered.from",
  value: "",
  fixed: false,
  mayDecide: true,
  ...change,
});

test("a rule is said in words", () => {
  const said = (change: Partial<RuleView>) => ruleValue(rule(change), texts);
  expect(said({ rule: "waiting.early", value: 10 })).toBe("10 Minuten vor Beginn");
  expect(said({ rule: "waiting.late", value: 1 })).toBe("1 Minute nach dem Ende");
  expect(said({ rule: "waiting.late", value: null })).toBe("wie es beim Anliegen steht");
  expect(said({ rule: "signin.factor", value: "demanded" })).toBe("alle, die sich mit Passwort anmelden");
  expect(said({})).toBe("an jedem Tag");
  expect(said({ value: "never" })).toBe("noch nicht");
  expect(said({ value: "2026-12-01" })).toBe("ab Dienstag, 1. Dezember 2026");
});

test("each value says where it comes from", () => {
  const from = (change: Partial<RuleView>) => ruleOrigin(rule(change), "l1", texts);
  expect(from({})).toBe("Voreinstellung");
  expect(from({ place: "l1", placeName: "Rathaus" })).toBe("hier festgelegt");
  expect(from({ place: "a1", placeName: "Amt", fixed: true })).toBe(
    "von Amt festgelegt, gilt für alles darunter",
  );
});

test("minutes have a limit, and a day has none", () => {
  expect([mostMinutes("waiting.early"), mostMinutes("offered.from")]).toEqual([240, undefined]);
});

test("what takes one of a few words says which", () => {
  expect(Object.keys(wordsOf("signin.password") ?? {})).toEqual(["everyone", "without_provider"]);
  expect(wordsOf("waiting.early")).toBeUndefined();
});
