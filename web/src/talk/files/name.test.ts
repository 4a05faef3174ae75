import { expect, test } from "vitest";
import { plainName, savedName } from "./name";

const pdf = { endings: ["pdf"], type: "application/pdf", shown: false };
const jpeg = { endings: ["jpg", "jpeg"], type: "image/jpeg", shown: true };

test.each([
  ["../../x.exe", "x.exe"],
  ["C:\\Users\\me\\Bescheid.pdf", "Bescheid.pdf"],
  ["Rechnung\u202Egpj.exe", "Rechnunggpj.exe"],
  ["a\u0000b\n.pdf", "ab .pdf"],
  [".htaccess", "htaccess"],
  ["  Lebenslauf  2026 . ", "Lebenslauf 2026"],
  ["con.pdf", "_con.pdf"],
  ["a<b>|c?.txt", "a_b__c_.txt"],
  ["../..", ""],
  ["Übersicht für Frau Ağaoğlu.pdf", "Übersicht für Frau Ağaoğlu.pdf"],
])("INP-05: %j becomes %j", (name, plain) => {
  expect(plainName(name)).toBe(plain);
});

test("a long name keeps its ending, and no letter is cut in half", () => {
  const name = plainName(`${"😀".repeat(500)}.pdf`);
  expect([...name]).toHaveLength(100);
  expect(name.endsWith("😀.pdf")).toBe(true);
});

test("what is saved has the ending of what it is", () => {
  expect(savedName("Bescheid.pdf", pdf, "Datei")).toBe("Bescheid.pdf");
  expect(savedName("x.exe", pdf, "Datei")).toBe("x.exe.pdf");
  expect(savedName("Foto.JPEG", jpeg, "Datei")).toBe("Foto.JPEG");
  expect(savedName("../..", jpeg, "Datei")).toBe("Datei.jpg");
});
