// @vitest-environment happy-dom
import { beforeAll, expect, test } from "vitest";
import type { Approval, Hindrance } from "../../api/approvals";
import { loadAdmin, loadStaff, type StaffKey } from "../../i18n/staff";
import { Texts } from "../../ui";
import { server } from "../fakes";
import { ApprovalDesk, parted } from "./approvalDesk.svelte";
import {
  agreedText,
  askedText,
  becameText,
  doneText,
  hinderedText,
  whatText,
  whyText,
} from "./approvalWords";

let texts: Texts<StaffKey>;
beforeAll(async () => {
  texts = await Texts.open<StaffKey>(
    async (language) => ({ ...(await loadStaff(language)), ...(await loadAdmin(language)) }),
    "de",
  );
});

const now = Date.UTC(2026, 10, 26, 18);
const day = 86_400_000;
const retention = {
  rule: "kept.appointments",
  kind: "agency",
  place: "ag",
  placeName: "Amt",
  value: 30,
  leave: false,
  fixed: false,
  now: 90,
} as const;
const asked = (change: Partial<Approval>): Approval => ({
  id: "a1",
  act: "retention.change",
  askedBy: "Frau Herbst",
  askedAt: now - day,
  untilAt: now + 6 * day,
  allowed: false,
  takenBack: false,
  unread: false,
  mayEnd: false,
  mayDecide: true,
  mine: false,
  change: retention,
  ...change,
});

test("what is asked for is said with what follows from it", () => {
  const one = asked({});
  expect(whatText(one, texts)).toBe("Aufbewahrung von Terminen: 30 Tage nach dem Ende");
  expect(whyText(one, texts)).toBe(
    "Für die ganze Behörde Amt. Bisher: 90 Tage nach dem Ende. Was schon länger da ist, wird innerhalb einer Stunde gelöscht und lässt sich nicht zurückholen.",
  );
  const longer = asked({ change: { ...retention, value: 300, fixed: true } });
  expect(whyText(longer, texts)).toBe(
    "Für die ganze Behörde Amt. Bisher: 90 Tage nach dem Ende. Es gilt dann für alles darunter.",
  );
  const leave = asked({ change: { ...retention, value: null, leave: true } });
  expect(whatText(leave, texts)).toBe("Aufbewahrung von Terminen: wie weiter oben festgelegt");
  expect(whatText({ act: "agency.key" }, texts)).toBe("Schlüssel der Behörde sichern");
});

test("what became of it is said with who decided", () => {
  const became = (change: Partial<Approval>): string => becameText(asked(change), texts);
  const decided = { decidedAt: now, decidedBy: "Herr Winter" };
  expect(became({ ...decided, allowed: true })).toMatch(/^Zugestimmt hat Herr Winter am Donnerstag/);
  expect(became({ ...decided, allowed: true, usedAt: now })).toMatch(/Gesichert wurde am Donnerstag/);
  expect(became(decided)).toMatch(/^Abgelehnt hat Herr Winter/);
  expect(became({ ...decided, takenBack: true })).toMatch(/^Herr Winter hat den Antrag .* zurückgenommen/);
  expect(became({ untilAt: now - day })).toMatch(/^Niemand hat bis/);
});

test("who cannot agree is told why, from when on they can, and who can now", () => {
  const why = (hindered: Hindrance): string => hinderedText(asked({}), hindered, texts);
  expect(why({ code: "approval.same" })).toMatch(/dasselbe Postfach/);
  expect(why({ code: "approval.left" })).toMatch(/lehnen Sie ab/);
  const hand = /^In den letzten sieben Tagen .*Konto von Frau Herbst.* oder Frau Herbst Ihres.*/.source;
  expect(why({ code: "approval.account", fromAt: now + day })).toMatch(
    new RegExp(`${hand}können Sie erst ab Freitag.* zustimmen.$`),
  );
  expect(why({ code: "approval.account", fromAt: now + day, othersMay: true })).toMatch(
    /ab Freitag.* zustimmen. Eine andere Person kann schon jetzt zustimmen.$/,
  );
  expect(why({ code: "approval.new", fromAt: now + 6 * day, othersMay: true })).toMatch(
    /nicht zustimmen. Eine andere Person kann schon jetzt zustimmen.$/,
  );
  expect(why({ code: "approval.account", fromAt: now + 6 * day })).toMatch(
    new RegExp(`${hand}können Sie deshalb nicht zustimmen.*Frau Herbst kann den Antrag.*ab Mittwoch`),
  );
  const made = /^In den letzten sieben Tagen wurde Ihr Konto oder das von Frau Herbst .*/.source;
  expect(why({ code: "approval.new", fromAt: now + day })).toMatch(
    new RegExp(`${made}können Sie erst ab Freitag.* zustimmen.$`),
  );
  expect(why({ code: "approval.new", fromAt: now + 6 * day })).toMatch(
    new RegExp(`${made}können Sie deshalb nicht zustimmen. Frau Herbst kann.*ab Mittwoch`),
  );
});

test("a reason goes with what is declined, and who has read it says so", async () => {
  const list = { body: { approvals: [] } };
  const { posted, bodies } = server({
    "/api/staff/approvals/a1": list,
    "/api/staff/approvals/a1/read": list,
  });
  const desk = new ApprovalDesk();
  expect(await desk.decide(asked({}), false, "Nein")).toBe(true);
  expect(await desk.read(asked({ unread: true }))).toBe(true);
  expect(posted).toEqual(["/api/staff/approvals/a1", "/api/staff/approvals/a1/read"]);
  expect(bodies).toEqual([{ allow: false, reason: "Nein" }, {}]);
});

test("what is decided, or too late, waits no longer", () => {
  const waits = asked({});
  const list = [waits, asked({ decidedAt: now }), asked({ untilAt: now })];
  const { open, over } = parted(list, now);
  expect(open).toEqual([waits]);
  expect(over).toHaveLength(2);
});

test("what two have agreed to stands open for as long as it can be taken back", () => {
  const key = {
    act: "agency.key",
    change: undefined,
    decidedAt: now,
    decidedBy: "Herr Winter",
    allowed: true,
  };
  const agreed = asked({ ...key, mayEnd: true } as Partial<Approval>);
  const [used, late] = [
    asked({ ...agreed, mayEnd: false, usedAt: now }),
    asked({ ...agreed, mayEnd: false }),
  ];
  expect(parted([used, agreed, late], now)).toEqual({ agreed: [agreed], open: [], over: [used, late] });
  expect(parted([agreed], agreed.untilAt).over).toEqual([agreed]);
  expect(becameText(late, texts)).toMatch(/Gesichert wurde bis .* nicht\.$/);
  expect(agreedText(agreed, texts)).toMatch(
    /^Beantragt von Frau Herbst am .*Zugestimmt hat Herr Winter.*Freigabe/,
  );
  expect(agreedText({ ...agreed, mine: true }, texts)).toMatch(/^Ihr Antrag vom .* Antrag zurücknehmen\.$/);
});

test("who has asked is spoken to", () => {
  expect(askedText(asked({}), texts)).toMatch(/^Beantragt von Frau Herbst/);
  expect(askedText(asked({ mine: true }), texts)).toMatch(/^Ihr Antrag vom .* zweite Person zustimmen\.$/);
  const back = asked({ mine: true, decidedAt: now, decidedBy: "Frau Herbst", takenBack: true });
  expect(becameText(back, texts)).toMatch(/^Sie haben den Antrag .* zurückgenommen\.$/);
  expect(doneText(asked({ mine: true, mayEnd: true }), false)).toBe("admin.approvals.done.back");
  expect(doneText(asked({ mayEnd: true }), false)).toBe("admin.approvals.done.ended");
  expect(doneText(asked({}), false)).toBe("admin.approvals.done.refused");
});

test("when a colleague was quicker, what is shown is what there is", async () => {
  const { posted } = server({
    "/api/staff/approvals/a1": { status: 409, body: { code: "approval.decided" } },
    "/api/staff/approvals": { body: { approvals: [asked({ decidedAt: now, mayDecide: false })] } },
  });
  const desk = new ApprovalDesk();
  expect(await desk.decide(asked({}), true)).toBe(false);
  expect(desk.refusal?.code).toBe("approval.decided");
  expect(desk.list?.[0]?.mayDecide).toBe(false);
  expect(posted).toEqual(["/api/staff/approvals/a1", "/api/staff/approvals"]);
});
