import { expect, test } from "vitest";
import type { StaffKey } from "../../i18n/staff";
import type { Texts } from "../../ui";
import { countsText, hasLines, hides, monthText } from "./survey";

const texts = {
  t: (key: string, params?: object) => (params ? `${key} ${JSON.stringify(params)}` : key),
} as unknown as Texts<StaffKey>;
const counts = { yes: 5, partly: 1, no: 0 };

test("a month has its name, whatever the clock of the device", () => {
  expect(monthText("2026-11", "de")).toBe("November 2026");
  expect(monthText("2027-01", "de")).toBe("Januar 2027");
});

test("what may not be shown is said to be hidden, and never looks like nobody", () => {
  expect(countsText(counts, texts)).toBe('admin.survey.counts {"yes":5,"partly":1,"no":0}');
  expect(countsText(undefined, texts)).toBe("admin.survey.not");
  expect(hides([{ name: "a", easy: counts, again: counts, recommend: counts }])).toBe(false);
  expect(hides([{ name: "a", easy: counts, again: counts }])).toBe(true);
});

test("what was written is offered where answers of a department are shown, and not of the whole agency", () => {
  expect(hasLines({ department: "d", name: "D", easy: counts })).toBe(true);
  expect(hasLines({ department: "d", name: "D" })).toBe(false);
  expect(hasLines({ name: "A", easy: counts })).toBe(false);
});
