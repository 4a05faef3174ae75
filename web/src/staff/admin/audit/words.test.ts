// @vitest-environment happy-dom
import { expect, test } from "vitest";
import type { AuditEntry } from "../../../api/audit";
import { loadAdmin, loadStaff, type StaffKey } from "../../../i18n/staff";
import { Texts } from "../../../ui";
import { daysOf, wanted } from "./auditDesk.svelte";
import { aboutText, actText, detailTexts, type Known } from "./words";

const words: Record<string, string> = {
  "audit.act.role.given": "Rolle vergeben",
  "audit.detail.role": "Rolle",
  "audit.detail.until": "bis",
  "audit.detail.to": "nach",
  "admin.role.advisor": "Beratung",
  "audit.detail.source": "Quelle",
  "audit.value.source.hand": "von Hand",
};
const texts = {
  t: (key: string) => words[key] ?? key,
  language: "de",
  zone: "Europe/Berlin",
} as unknown as Texts<StaffKey>;

const entry = (detail: string): AuditEntry => ({
  number: 1,
  at: 0,
  actorKind: "system",
  act: "role.given",
  objectKind: "staff",
  object: "x",
  detail,
});

const nothing: Known = { person: undefined, places: {} };

test("codes are said in words, moments as such, and what has no word as it is", () => {
  expect(actText("role.given", texts)).toBe("Rolle vergeben");
  expect(actText("something.new", texts)).toBe("something.new");
  const known = { ...nothing, person: { pseudonym: "abcdef", name: "Frau Sommer" } };
  const until = Date.UTC(2026, 10, 27, 9, 30);
  expect(detailTexts(entry(`role=advisor source=hand until=${until} to=abcdef new=x`), known, texts)).toEqual(
    [
      "Rolle: Beratung",
      "Quelle: von Hand",
      "bis: Freitag, 27. November 2026, 10:30",
      "nach: Frau Sommer",
      "new: x",
    ],
  );
  expect(detailTexts(entry(""), nothing, texts)).toEqual([]);
});

test("places are called by their names, once each word, and what is gone by its id", async () => {
  const real = await Texts.open<StaffKey>(
    async (language) => ({ ...(await loadStaff(language)), ...(await loadAdmin(language)) }),
    "de",
  );
  const places = [
    { id: "a", kind: "location", name: "Probedorf" },
    { id: "b", kind: "location", name: "Standort Nord" },
    { id: "c", kind: "desk", name: "Standortpflege" },
    { id: "d", kind: "agency", name: "Amt Musterland" },
  ] as const;
  const known = { ...nothing, places: Object.fromEntries(places.map((one) => [one.id, one])) };
  const about = (object: string): string =>
    aboutText({ ...entry(""), objectKind: "place", object }, known, real);
  expect(["a", "b", "c", "d", "x"].map(about)).toEqual([
    "Standort Probedorf",
    "Standort Nord",
    "Team Standortpflege",
    "Amt Musterland",
    "gelöschte Stelle (x)",
  ]);
  expect(detailTexts(entry("place=a"), known, real)).toEqual(["Stelle: Standort Probedorf"]);
  expect(detailTexts(entry("desk=c"), known, real)).toEqual(["Team: Standortpflege"]);
  const handed = { ...entry(`to=${"0a".repeat(16)}`), act: "appointment.handed" };
  expect(detailTexts(handed, known, real)).toEqual([`an: Konto ${"0a".repeat(16)}`]);
});

test("an entry is looked for by what it is about as it stands there, or by its number", () => {
  expect(wanted(" Termin E9HY3QTFBJ ")).toEqual({ object: "e9hy3qtfbj" });
  expect(wanted("Nr. 43")).toEqual({ number: 43 });
  expect(wanted("43")).toEqual({ number: 43 });
  expect(wanted(" ")).toEqual({});
});

test("what a rule was to be is said as the rules page says it", async () => {
  const real = await Texts.open<StaffKey>(
    async (language) => ({ ...(await loadStaff(language)), ...(await loadAdmin(language)) }),
    "de",
  );
  const said = (detail: string, act = "rule.decided"): string =>
    detailTexts({ ...entry(detail), act }, nothing, real).join("; ");
  expect(said("rule=doors value=link.callback fixed=true")).toBe(
    "Regel: Zugänge; Wert: Video über den Link, Rückruf statt Video; gilt für alles darunter: ja",
  );
  expect(said("rule=languages value=de.en")).toMatch(/Wert: Deutsch, English$/);
  expect(said("rule=reminders value=none")).toMatch(/Wert: keine$/);
  expect(said("rule=reminders value=week.two_hours")).toMatch(
    /Wert: eine Woche vorher, zwei Stunden vorher$/,
  );
  expect(said("rule=waiting.early value=20")).toMatch(/Wert: 20 Minuten vor Beginn$/);
  expect(said("rule=talk.chat value=off")).toMatch(/Wert: aus$/);
  expect(said("rule=talk.screen value=2026-12-01")).toMatch(/Wert: ab Dienstag, 1\. Dezember 2026$/);
  expect(said("rule=offered.from")).toMatch(/Wert: an jedem Tag$/);
  expect(said("rule=code.compared value=required")).not.toMatch(/required/);
  expect(said("rule=logo value=120x40-0123456789abcdef")).not.toMatch(/x40/);
  expect(said("rule=welcome value=0123456789abcdef")).toMatch(
    /eigener Eintrag \(Prüfsumme 0123456789abcdef\)$/,
  );
  expect(said("rule=kept.appointments value=above", "approval.asked")).toMatch(/wie weiter oben festgelegt$/);
  expect(said("rule=kept.appointments place=p1", "approval.allowed")).not.toMatch(/Wert/);
  expect(said("rule=of.later value=x")).toBe("Regel: of.later; Wert: x");
});

test("days are whole ones by the clocks of the offices", () => {
  const zone = "Europe/Berlin";
  expect(daysOf("2026-11-26", "2026-11-26", zone)).toEqual({
    from: Date.UTC(2026, 10, 25, 23),
    until: Date.UTC(2026, 10, 26, 23),
  });
  expect(daysOf("", "", zone)).toEqual({});
  expect(daysOf("2026-11-27", "2026-11-26", zone)).toBeUndefined();
});
