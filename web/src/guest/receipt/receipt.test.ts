import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { GuestKey } from "../../i18n/guest";
import { format } from "../../i18n/format";
import type { Language } from "../../i18n/languages";
import { readReceipt, type Statement } from "./reading";
import { type PublicKey, verifyHere } from "./verify";
import { factsOf, fileOf, inFours, summaryOf } from "./words";

const at = (time: string): number => Date.parse(time) / 1000;

const base: Statement = {
  v: 1,
  number: "0123456789abcdefghjkmn",
  agency: "ahorn",
  name: "Amt Ahorn",
  zone: "Europe/Berlin",
  issued: at("2026-03-02T11:00:00Z"),
  starts: at("2026-03-02T09:00:00Z"),
  ends: at("2026-03-02T09:40:00Z"),
  key: "00000000",
};

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");

function textOf(statement: object, signature = "AAAA"): string {
  return `${base64url(new TextEncoder().encode(JSON.stringify(statement)))}.${signature}`;
}

function sayIn(language: Language): (key: GuestKey, params?: Record<string, string | number>) => string {
  const file = join(import.meta.dirname, "../../../../locales", language, "receipt.json");
  const texts = JSON.parse(readFileSync(file, "utf8")) as Record<string, string>;
  return (key, params) => format(texts[key] ?? key, language, params);
}

function facts(statement: Statement, language: Language = "de"): Record<string, string> {
  const list = factsOf(statement, sayIn(language), language);
  return Object.fromEntries(list.map(({ label, value }) => [label, value]));
}

describe("what is pasted", () => {
  test("an address, with blanks and line breaks as mails make them, or the receipt alone", () => {
    const text = textOf(base);
    const broken = `${text.slice(0, 30)}\n  ${text.slice(30)} `;
    for (const pasted of [text, `#${text}`, `https://termin.example/receipt#${text}`, broken])
      expect(readReceipt(pasted)?.text).toBe(text);
    expect(readReceipt(text)?.statement).toEqual(base);
  });

  test.each([
    "",
    "#",
    "https://termin.example/receipt",
    "a.b.c",
    "e30.AA",
    "%%%.AA",
    `${textOf(base)}.AA`,
    textOf({ ...base, v: 2 }),
    textOf({ ...base, starts: "10" }),
    textOf({ ...base, starts: 1e300 }),
    textOf({ ...base, waited: [[1]] }),
    textOf({ ...base, talked: { 0: 1 } }),
    textOf([1]),
  ])("no receipt: %s", (pasted) => {
    expect(readReceipt(pasted)).toBeUndefined();
  });
});

describe("the signature", async () => {
  const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  const key = base64url(new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)));
  const keys: readonly PublicKey[] = [{ id: base.key, key }];

  async function signed(statement: object, purpose = "visavis receipt 1\n"): Promise<string> {
    const text = textOf(statement);
    const message = Buffer.concat([Buffer.from(purpose), Buffer.from(text.split(".")[0] ?? "", "base64url")]);
    const made = await crypto.subtle.sign("Ed25519", pair.privateKey, message);
    return text.replace("AAAA", base64url(new Uint8Array(made)));
  }

  async function isGenuine(text: string, known = keys): Promise<boolean | undefined> {
    const receipt = readReceipt(text);
    if (!receipt) throw new Error("no receipt");
    return verifyHere(receipt, known);
  }

  test("what the installation has signed is genuine, and nothing that was changed since", async () => {
    const genuine = await signed(base);
    expect(await isGenuine(genuine)).toBe(true);
    const [, signature = ""] = genuine.split(".");
    expect(await isGenuine(textOf({ ...base, name: "Amt Birke" }, signature))).toBe(false);
    expect(await isGenuine(await signed(base, "visavis other\n"))).toBe(false);
  });

  test("a key that nobody knows, or that signs no more, counts for nothing", async () => {
    const genuine = await signed(base);
    expect(await isGenuine(genuine, [])).toBe(false);
    expect(await isGenuine(genuine, [{ id: base.key, key, until: base.issued - 1 }])).toBe(false);
    expect(await isGenuine(genuine, [{ id: base.key, key, until: base.issued + 1 }])).toBe(true);
  });
});

describe("in words", () => {
  test("times are those of the office, with its zone, and the day only where it is another", () => {
    const said = facts({
      ...base,
      outcome: "held",
      waited: [
        [at("2026-03-01T09:00:00Z"), at("2026-03-01T09:20:00Z")],
        [at("2026-03-02T08:58:00Z"), at("2026-03-02T09:07:00Z")],
      ],
      talked: [[at("2026-03-02T09:07:00Z"), at("2026-03-02T09:41:00Z")]],
    });
    expect(said).toEqual({
      Behörde: "Amt Ahorn",
      "Nummer des Termins": "0123 4567 89ab cdef ghjk mn",
      "Vereinbarte Zeit": "Montag, 2. März 2026, 10:00 bis 10:40 Uhr",
      "Im Warteraum angemeldet": "Sonntag, 1. März 2026, 10:00 bis 10:20 Uhr\n09:58 bis 10:07 Uhr",
      Gesprochen: "10:07 bis 10:41 Uhr",
      "Von der Behörde eingetragen": "Gespräch geführt",
      Ausgestellt: "Montag, 2. März 2026, 12:00 Uhr",
      Zeitzone: "Europe/Berlin (UTC+01:00)",
    });
  });

  test("in the night when clocks go back each time says which of the two it is", () => {
    const said = facts({
      ...base,
      starts: at("2026-10-25T00:10:00Z"),
      ends: at("2026-10-25T00:50:00Z"),
      issued: at("2026-10-25T08:00:00Z"),
      waited: [[at("2026-10-25T00:10:00Z"), at("2026-10-25T01:05:00Z")]],
    });
    expect(said["Im Warteraum angemeldet"]).toBe("02:10 (UTC+02:00) bis 02:05 (UTC+01:00) Uhr");
    expect(said.Zeitzone).toBe("Europe/Berlin");
  });

  test("a zone that this device does not know is told as UTC", () => {
    const said = facts({ ...base, zone: "Mars/Olympus" });
    expect(said.Zeitzone).toMatch(/^UTC \(UTC/);
    expect(said["Vereinbarte Zeit"]).toContain("09:00 bis 09:40 Uhr");
  });

  test("a result that this page has never heard of is none", () => {
    expect(facts({ ...base, outcome: "<b>" })["Von der Behörde eingetragen"]).toBe("Noch nichts");
  });

  test.each([
    [{ talked: [[1, 2]] as const }, "receipt.summary.talked"],
    [{ talked: [[1, 2]] as const, outcome: "technical" }, "receipt.summary.talked.technical"],
    [{ waited: [[1, 2]] as const }, "receipt.summary.waited"],
    [{ waited: [[1, 2]] as const, outcome: "technical" }, "receipt.summary.waited.technical"],
    [{ opened: 1 }, "receipt.summary.tried"],
    [{ failed: 1, outcome: "technical" }, "receipt.summary.tried"],
    [{ outcome: "noshow" }, "receipt.summary.nothing"],
  ])("%j comes to %s", (more, key) => {
    expect(summaryOf({ ...base, ...more })).toBe(key);
  });

  test("the file holds every fact, what is not said, and the address", () => {
    for (const language of ["de", "en"] as const) {
      const file = fileOf(base, sayIn(language), language, "https://termin.example/receipt#e30.AA");
      for (const { value } of factsOf(base, sayIn(language), language)) expect(file).toContain(value);
      expect(file).toContain(sayIn(language)("receipt.not.done"));
      expect(file).toContain("\r\nhttps://termin.example/receipt#e30.AA\r\n");
    }
  });

  test("who was registered may have closed the page meanwhile: nobody is said to have waited", () => {
    for (const language of ["de", "en"] as const) {
      const waited = [[base.starts, base.ends]] as const;
      const file = fileOf({ ...base, waited }, sayIn(language), language, "");
      expect(file).not.toMatch(/gewartet|waited|war da|was there/i);
      expect(file).toContain(sayIn(language)("receipt.not.open"));
    }
  });

  test("a number is read in fours", () => {
    expect(inFours("01234567")).toBe("0123 4567");
  });
});
