import { expect, test } from "vitest";
import type { AuditEntry } from "../../../api/audit";
import type { StaffKey } from "../../../i18n/staff";
import type { Texts } from "../../../ui";
import { daysOf } from "./auditDesk.svelte";
import { actText, detailTexts } from "./words";

const words: Record<string, string> = {
  "audit.act.role.given": "Rolle gegeben",
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

test("codes are said in words, moments as such, and what has no word as it is", () => {
  expect(actText("role.given", texts)).toBe("Rolle gegeben");
  expect(actText("something.new", texts)).toBe("something.new");
  const person = { pseudonym: "abcdef", name: "Frau Sommer" };
  const until = Date.UTC(2026, 10, 27, 9, 30);
  expect(
    detailTexts(entry(`role=advisor source=hand until=${until} to=abcdef new=x`), person, texts),
  ).toEqual([
    "Rolle: Beratung",
    "Quelle: von Hand",
    "bis: Freitag, 27. November 2026, 10:30",
    "nach: Frau Sommer",
    "new: x",
  ]);
  expect(detailTexts(entry(""), undefined, texts)).toEqual([]);
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
