// @vitest-environment happy-dom
import { beforeAll, expect, test } from "vitest";
import type { RuleView } from "../../api/admin";
import { loadAdmin, type StaffKey } from "../../i18n/staff";
import { Texts } from "../../ui";
import { readRule, ruleDraft } from "./ruleDraft";
import { choiceLabel, grouped, legalTexts, ruleOrigin, ruleValue } from "./rules";

let texts: Texts<StaffKey>;
beforeAll(async () => {
  texts = await Texts.open<StaffKey>(loadAdmin, "de");
});

const rule = (change: Partial<RuleView>): RuleView => ({
  rule: "offered.from",
  group: "meetings",
  value: "",
  decided: false,
  fixed: false,
  mayDecide: true,
  fixable: true,
  takes: { kind: "day" },
  ...change,
});

test("a rule is said in words", () => {
  const said = (change: Partial<RuleView>) => ruleValue(rule(change), texts);
  expect(said({ rule: "waiting.early", value: 10 })).toBe("10 Minuten vor Beginn");
  expect(said({ rule: "waiting.late", value: 1 })).toBe("1 Minute nach dem Ende");
  expect(said({ rule: "kept.appointments", value: 1 })).toBe("1 Tag nach dem Ende");
  expect(said({ rule: "kept.audit", value: 365 })).toBe("365 Tage");
  expect(said({ rule: "signin.factor", value: "demanded", takes: { kind: "one" } })).toBe(
    "Pflicht für alle, die sich mit Passwort anmelden",
  );
  expect(said({})).toBe("an jedem Tag");
  expect(said({ value: "never" })).toBe("noch nicht");
  expect(said({ value: "2026-12-01" })).toBe("ab Dienstag, 1. Dezember 2026");
});

test("when guests are reminded is said in words, also that they are not", () => {
  const said = (value: string[]) =>
    ruleValue(rule({ rule: "reminders", value, takes: { kind: "some" } }), texts);
  expect(said(["three_days", "two_hours"])).toBe("drei Tage vorher, zwei Stunden vorher");
  expect(said([])).toBe("keine");
});

test("a switch is on, off, or on from a day", () => {
  const said = (value: string) =>
    ruleValue(rule({ rule: "talk.chat", value, takes: { kind: "switch" } }), texts);
  expect(said("on")).toBe("an");
  expect(said("off")).toBe("aus");
  expect(said("2026-12-01")).toBe("ab Dienstag, 1. Dezember 2026");
  const read = (value: string, change = {}) =>
    readRule({ kind: "switch" }, { ...ruleDraft({ kind: "switch" }, value), ...change });
  for (const value of ["on", "off", "2026-12-01"]) expect(read(value)).toEqual({ value });
  expect(read("2026-12-01", { chosen: "off" })).toEqual({ value: "off" });
  expect(read("on", { chosen: "from", typed: "2026-12-01" })).toEqual({ value: "2026-12-01" });
  expect(read("off", { chosen: "from" })).toHaveProperty("wrong");
});

test("each value says where it comes from", () => {
  const from = (change: Partial<RuleView>) => ruleOrigin(rule(change), "l1", texts);
  expect(from({})).toBe("Voreinstellung");
  expect(from({ place: "l1", placeName: "Rathaus", decided: true })).toBe("hier festgelegt");
  expect(from({ place: "l1", placeName: "Rathaus" })).toBe("aus den allgemeinen Angaben");
  expect(from({ place: "a1", placeName: "Amt", fixed: true })).toBe(
    "von Amt festgelegt, gilt für alles darunter",
  );
  expect(from({ place: "a1", placeName: "Amt", fixed: true, overruled: true })).toBe(
    "von Amt festgelegt, gilt für alles darunter; was hier festgelegt ist, gilt so lange nicht",
  );
});

test("telephone numbers, languages and texts are said as they are", () => {
  const said = (change: Partial<RuleView>) => ruleValue(rule(change), texts);
  expect(said({ rule: "contact.phone", value: "0711 1", takes: { kind: "dial" } })).toBe("0711 1");
  expect(said({ rule: "contact.phone", value: "", takes: { kind: "dial" } })).toBe("keine Angabe");
  expect(said({ rule: "languages", value: ["de", "en"], takes: { kind: "some" } })).toBe("Deutsch, English");
  const hours = { rule: "contact.hours", takes: { kind: "words" } } as const;
  expect(said({ ...hours, value: { en: "Mondays", de: "montags" } })).toBe("montags");
  expect(said({ ...hours, value: { en: "Mondays" } })).toBe("Mondays");
  expect(said({ ...hours, value: {} })).toBe("keine Angabe");
});

test("what is written becomes a value, or says what is wrong", () => {
  const read = (takes: RuleView["takes"], value: RuleView["value"], change = {}) =>
    readRule(takes, { ...ruleDraft(takes, value), ...change });
  const number = { kind: "number", most: 240 } as const;
  expect(read(number, 10)).toEqual({ value: 10 });
  expect(read(number, 10, { typed: "241" })).toHaveProperty("wrong.params", { from: 0, to: 240 });
  expect(read(number, 10, { typed: "" })).toHaveProperty("wrong");
  const days = { kind: "number", unit: "days", least: 30, most: 3650 } as const;
  expect(read(days, 365, { typed: "29" })).toHaveProperty("wrong.params", { from: 30, to: 3650 });
  const day = { kind: "day" } as const;
  expect(read(day, "never")).toEqual({ value: "never" });
  expect(read(day, "2026-12-01")).toEqual({ value: "2026-12-01" });
  expect(read(day, "2026-12-01", { chosen: "always" })).toEqual({ value: "" });
  expect(read(day, "", { chosen: "from" })).toHaveProperty("wrong");
  const some = { kind: "some", of: ["de", "en"] } as const;
  expect(read(some, ["en"], { several: ["en", "de"] })).toEqual({ value: ["de", "en"] });
  expect(read(some, ["en"], { several: [] })).toHaveProperty("wrong");
  expect(read({ ...some, none: true }, ["en"], { several: [] })).toEqual({ value: [] });
  const words = { kind: "words", of: ["de", "en"], most: 200 } as const;
  expect(read(words, { de: " montags " })).toEqual({ value: { de: "montags" } });
  expect(read(words, {})).toHaveProperty("wrong");
  expect(read({ kind: "dial" }, "0711 1")).toEqual({ value: "0711 1" });
  expect(read({ kind: "one", of: ["a", "b"] }, "a", { chosen: "b" })).toEqual({ value: "b" });
});

test("what can be chosen is said in words", () => {
  expect(choiceLabel("signin.factor", "demanded", texts)).toBe(
    "Pflicht für alle, die sich mit Passwort anmelden",
  );
  expect(choiceLabel("languages", "de", texts)).toBe("Deutsch");
});

test("rules of a group stand together, in the order in which they come", () => {
  const list = [
    rule({ rule: "doors" }),
    rule({ rule: "languages", group: "contact" }),
    rule({ rule: "reminders" }),
  ];
  expect(grouped(list).map(({ group, rules }) => [group, ...rules.map((one) => one.rule)])).toEqual([
    ["meetings", "doors", "reminders"],
    ["contact", "languages"],
  ]);
});

test("a legal text is read in every language that it has, whoever wrote it", () => {
  const comes = { en: "What comes", de: "Was mitkommt" };
  const read = (value: RuleView["value"]) => {
    const { own, said } = legalTexts({ value, comes });
    return [own, ...said.map(({ tag, text }) => `${tag}: ${text}`)];
  };
  expect(read({})).toEqual([false, "de: Was mitkommt", "en: What comes"]);
  expect(read({ de: "Eigenes" })).toEqual([true, "de: Eigenes"]);
  expect(legalTexts({ value: { de: "Willkommen" } }).said).toEqual([]);
});
