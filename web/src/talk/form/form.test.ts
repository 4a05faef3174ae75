import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Added, Part, Ways } from "../../call/channel";
import { GuestForm } from "./guestForm";
import { type Field, fieldOf, valueOf } from "./model";
import { Sheet } from "./sheet";
import { type Paper, StaffForm } from "./staffForm";
import { holdMs } from "./together";
import { batches, formWord, type Line } from "./words";

const text = (label: string, more: object = {}): Field => {
  const field = fieldOf({ kind: "text", label, required: false, most: 50, options: [], ...more });
  if (!field) throw new Error("no field");
  return field;
};
const fields = [text("Name", { required: true }), text("Grund"), text("Einverstanden", { kind: "check" })];
const paper = (more: Partial<Paper["form"]> = {}): Paper => ({
  form: { title: "Antrag", digest: "a".repeat(64), scripted: false, fields, ...more },
  values: ["", "Umzug", false],
  fill: (values) => Promise.resolve(new Blob([JSON.stringify(values)])),
});

/** A page with its end of the channel; what it says arrives at once, or not at all while it is cut off. */
class Page {
  readonly parts = new Set<Part>();
  readonly said: Added[] = [];
  other: Page | undefined;
  attend = (part: Part): (() => void) => {
    this.parts.add(part);
    return () => this.parts.delete(part);
  };
  tell = (message: Added): boolean => {
    this.said.push(message);
    if (!this.other) return false;
    this.other.hear(JSON.parse(JSON.stringify(message)) as Added);
    return true;
  };
  hear(message: Added): void {
    for (const part of this.parts) part.heard(message);
  }
  open(who: string): void {
    const files = {
      addEventListener: vi.fn(),
      removeEventListener: vi.fn(),
      readyState: "open",
      send: vi.fn(),
    };
    const ways = { files, other: who } as unknown as Ways;
    for (const part of this.parts) part.opened?.(ways);
  }
}

function join(staff: Page, guest: Page, who = "device 1"): void {
  [staff.other, guest.other] = [guest, staff];
  staff.open(who);
  guest.open("lead 1");
  vi.advanceTimersByTime(3_000);
}

function both() {
  const [staffPage, guestPage] = [new Page(), new Page()];
  const desk = { note: vi.fn(), failed: vi.fn() };
  const staff = new StaffForm(staffPage, desk);
  const guest = new GuestForm(guestPage);
  join(staffPage, guestPage);
  staff.open(paper());
  vi.advanceTimersByTime(3_000);
  return { staffPage, guestPage, staff, guest, desk };
}

function write(side: StaffForm | GuestForm, field: number, value: string | boolean): void {
  side.enter(field);
  side.edit(field, value);
  side.exit(field);
}

const kept = { form: undefined as unknown };
beforeEach(() => {
  vi.useFakeTimers();
  kept.form = undefined;
  vi.stubGlobal("history", {
    get state() {
      return kept;
    },
    replaceState: (state: typeof kept) => Object.assign(kept, state),
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a form that is filled in together", () => {
  it("is the same on both sides, with what the file was filled in with beforehand", () => {
    const { staff, guest, desk } = both();
    expect(guest.state.value.form).toEqual(staff.state.value.form);
    expect(guest.state.value.values).toEqual(["", "Umzug", false]);
    write(guest, 0, "Ayşe Öztürk");
    write(staff, 2, true);
    for (const side of [staff, guest])
      expect(side.state.value.values).toEqual(["Ayşe Öztürk", "Umzug", true]);
    expect(desk.note.mock.calls).toEqual([["opened"]]);
  });

  it("tells what is typed while it is typed, and not each letter", () => {
    const { staff, guest, guestPage } = both();
    guest.enter(0);
    const before = guestPage.said.length;
    for (const letter of ["A", "Ay", "Ayş", "Ayşe"]) guest.edit(0, letter);
    vi.advanceTimersByTime(100);
    expect(staff.state.value.values[0]).toBe("Ayşe");
    expect(guestPage.said.length - before).toBe(1);
  });

  it("lets nobody write where the other one is, and the guest stays where both come at once", () => {
    const { staff, guest, staffPage, guestPage } = both();
    guest.enter(0);
    expect(staff.state.value.theirs).toBe(0);
    expect(staff.enter(0)).toBe(false);
    staff.edit(0, "Nicht das");
    expect(staff.state.value.values[0]).toBe("");
    guest.exit();
    expect(staff.state.value.theirs).toBeUndefined();

    [staffPage.other, guestPage.other] = [undefined, undefined];
    const [from, since] = [staffPage.said.length, guestPage.said.length];
    staff.enter(1);
    guest.enter(1);
    for (const word of staffPage.said.slice(from)) guestPage.hear(word);
    for (const word of guestPage.said.slice(since)) staffPage.hear(word);
    expect([staff.state.value.theirs, guest.state.value.theirs]).toEqual([1, undefined]);
  });

  it("frees a field in which somebody has fallen asleep, or whose page is silent", () => {
    const { staff, guest, guestPage } = both();
    guest.enter(0);
    vi.advanceTimersByTime(holdMs);
    expect(staff.state.value.theirs).toBeUndefined();
    guestPage.tell({ t: "form", do: "at", id: guest.state.value.form?.id, field: 1 });
    expect(staff.state.value.theirs).toBe(1);
    vi.advanceTimersByTime(holdMs + 5_000);
    expect(staff.state.value.theirs).toBeUndefined();
  });

  it("comes to the same on both sides after an interruption in which both went on", () => {
    const { staff, guest, staffPage, guestPage } = both();
    [staffPage.other, guestPage.other] = [undefined, undefined];
    write(staff, 1, "Staff");
    write(guest, 1, "Guest");
    write(staff, 0, "Only staff");
    join(staffPage, guestPage);
    for (const side of [staff, guest])
      expect(side.state.value.values).toEqual(["Only staff", "Guest", false]);
  });

  it("is there again on a page of the guest that has been loaded anew", () => {
    const { staff, guest, staffPage } = both();
    write(guest, 0, "Ayşe");
    guest.close();
    const page = new Page();
    const again = new GuestForm(page);
    join(staffPage, page);
    expect(again.state.value.values).toEqual(staff.state.value.values);
    expect(again.state.value.form).toEqual(staff.state.value.form);
  });

  it("is there again on a page of the advisor, who finds the file once more", async () => {
    const { staff, guest, guestPage } = both();
    write(guest, 0, "Ayşe");
    staff.close();
    const page = new Page();
    const again = new StaffForm(page, { note: vi.fn(), failed: vi.fn() });
    join(page, guestPage);
    expect(again.state.value.values).toEqual(["Ayşe", "Umzug", false]);
    expect(again.found(paper({ digest: "b".repeat(64) }))).toBe(false);
    guest.confirm();
    expect(again.state.value.result).toBeUndefined();
    expect(again.found(paper())).toBe(true);
    await vi.waitFor(() => expect(again.state.value.result).toBeDefined());
  });

  it("is given back by the guest's page only where it was open, and only as the file has it", () => {
    const page = new Page();
    const fresh = new StaffForm(page, { note: vi.fn(), failed: vi.fn() });
    const { guest, guestPage, staff } = both();
    staff.close();
    kept.form = undefined;
    join(page, guestPage);
    expect(fresh.state.value.form).toBeUndefined();
    guestPage.tell({ t: "form", do: "head", id: "f", title: "x", digest: "0".repeat(64), count: 1 });
    guestPage.tell({ t: "form", do: "fields", id: "f", at: 0, fields: [fields[0]] });
    expect(fresh.state.value.form).toBeUndefined();
    fresh.close();

    kept.form = guest.state.value.form?.id;
    const reloaded = new StaffForm(page, { note: vi.fn(), failed: vi.fn() });
    join(page, guestPage);
    expect(reloaded.state.value.form).toBeDefined();
    expect(reloaded.found(paper({ fields: [text("IBAN"), ...fields.slice(1)] }))).toBe(true);
    expect(reloaded.state.value).toMatchObject({ stage: "none", over: "unlike" });
    expect(guest.state.value.form).toBeUndefined();
  });

  it("goes to nobody but whom it was opened with", () => {
    const { staff, guest, staffPage, guestPage } = both();
    write(guest, 0, "Ayşe");
    staffPage.open("device 2");
    expect(staff.state.value).toMatchObject({ over: "gone", values: [] });
    guestPage.open("lead 2");
    expect(guest.state.value).toMatchObject({ over: "gone", values: [] });
  });
});

describe("a confirmation", () => {
  it("is the guest's alone, and needs what is required", async () => {
    const { staff, guest, staffPage, guestPage, desk } = both();
    expect(guest.confirm()).toEqual([0]);
    write(guest, 0, "Ayşe");
    const { id } = guest.state.value.form ?? {};
    staffPage.tell({ t: "form", do: "confirm", id, round: 1, versions: [1, 1, 0] });
    staffPage.tell({ t: "form", do: "agreed", id, round: 1 });
    expect(guest.state.value.stage).toBe("filling");
    expect(guest.confirm()).toEqual([]);
    expect([staff.state.value.stage, guest.state.value.stage]).toEqual(["confirmed", "confirmed"]);
    expect(desk.note.mock.calls).toEqual([["opened"], ["confirmed"]]);
    await vi.waitFor(() => expect(staff.state.value.result).toBeDefined());
    write(staff, 0, "Anders");
    write(guest, 0, "Anders");
    for (const page of [staffPage, guestPage])
      page.tell({ t: "form", do: "set", id, lines: [[0, 9, true, "Anders"]] });
    for (const side of [staff, guest]) expect(side.state.value.values[0]).toBe("Ayşe");
  });

  it("counts no more once the advisor opens the answers again, and the guest hears of it", async () => {
    const { staff, guest, staffPage, guestPage } = both();
    write(guest, 0, "Ayşe");
    guest.confirm();
    await vi.waitFor(() => expect(staff.state.value.result).toBeDefined());
    [staffPage.other, guestPage.other] = [undefined, undefined];
    staff.reopen();
    join(staffPage, guestPage);
    for (const side of [staff, guest]) expect(side.state.value.stage).toBe("filling");
    expect(guest.state.value.again).toBe("reopened");
    expect(staff.state.value.result).toBeUndefined();
    expect(guest.confirm()).toEqual([]);
    expect(staff.state.value.stage).toBe("confirmed");
  });

  it("does not count where the advisor has changed something meanwhile", () => {
    const { staff, guest, staffPage } = both();
    write(guest, 0, "Ayşe");
    staff.enter(1);
    const { other } = staffPage;
    staffPage.other = undefined; // it is on its way
    staff.edit(1, "Trennung");
    guest.confirm();
    expect(staff.state.value.stage).toBe("filling");
    staffPage.other = other;
    join(staffPage, other as Page);
    expect(guest.state.value).toMatchObject({ stage: "filling", values: ["Ayşe", "Trennung", false] });
  });

  it("goes with the page that has confirmed", () => {
    const { staff, guest, staffPage } = both();
    write(guest, 0, "Ayşe");
    guest.confirm();
    guest.close();
    const page = new Page();
    const again = new GuestForm(page);
    join(staffPage, page);
    expect(staff.state.value).toMatchObject({ stage: "filling", again: "reloaded" });
    expect(again.state.value.values[0]).toBe("Ayşe");
    again.confirm();
    expect(staff.state.value.stage).toBe("confirmed");
  });
});

describe("a hostile page", () => {
  const hostile: [string, object][] = [
    ["no id", { do: "set", lines: [] }],
    ["an id that is none", { do: "close", id: "__proto__.x" }],
    ["another word", { do: "run", id: "a" }],
    [
      "more fields than anybody fills in",
      { do: "head", id: "a", title: "x", digest: "0".repeat(64), count: 301 },
    ],
    ["half a field", { do: "at", id: "a", field: 0.5 }],
    ["a field before the first", { do: "point", id: "a", field: -1 }],
    ["a field with a name", { do: "at", id: "a", field: "__proto__" }],
    ["lines that are none", { do: "set", id: "a", lines: { 0: [0, 1, true, "x"], length: 1 } }],
    ["more lines than fields", { do: "set", id: "a", lines: Array(301).fill([0, 1, true, "x"]) }],
    ["versions that are no numbers", { do: "confirm", id: "a", round: 1, versions: ["1"] }],
    ["a digest that is a path", { do: "head", id: "a", title: "x", digest: "../../etc/passwd", count: 1 }],
  ];
  it.each(hostile)("says nothing by %s", (_, said) => {
    expect(formWord({ t: "form", ...said })).toBeUndefined();
  });

  it("has lines that are not exactly lines left out", () => {
    const lines = [
      [0, 1, true, "x"],
      [0, 1, true, {}],
      [0, 1, "true", "x"],
      ["constructor", 1, true, "x"],
      null,
      [0, 1e9, true, "x"],
    ];
    const word = formWord({ t: "form", do: "set", id: "a", lines });
    expect(word).toEqual({ do: "set", id: "a", lines: [[0, 1, true, "x"]] });
  });

  it.each([
    ["no kind", { kind: "file" }],
    ["a kind of every object", { kind: "constructor" }],
    ["no label", { label: "\u202e\u0000 " }],
    ["options where there are none", { options: ["a"] }],
    ["a choice without options", { kind: "choice" }],
    ["an option twice", { kind: "radio", options: ["a", "a"] }],
    ["an option that is none", { kind: "radio", options: ["a", 7] }],
    [
      "more than one message holds",
      { kind: "choice", options: Array.from({ length: 250 }, (_, n) => String(n).padEnd(80, "x")) },
    ],
  ])("opens no form with a field that has %s", (_, change) => {
    expect(
      fieldOf({ kind: "text", label: "Name", required: false, most: 5, options: [], ...change }),
    ).toBeUndefined();
  });

  it("writes nothing into a field that cannot stand there, nor without end", () => {
    const choice = text("Land", { kind: "choice", options: ["DE", "AT"] });
    expect([valueOf(choice, "FR"), valueOf(choice, "DE"), valueOf(choice, true)]).toEqual([
      undefined,
      "DE",
      undefined,
    ]);
    expect(valueOf(text("Haken", { kind: "check" }), "ja")).toBeUndefined();
    expect(valueOf(text("Name"), "x".repeat(9_999))).toHaveLength(50);
    expect(valueOf(text("Name"), "a\u202eb\u0000c\nd")).toBe("abc d");
  });

  it("neither moves a field out of reach nor reaches one that is not there", () => {
    const sheet = new Sheet(fields, false);
    expect(sheet.take([0, 2_000, true, "x"])).toBe(false);
    expect(sheet.take([3, 1, true, "x"])).toBe(false);
    expect(sheet.take([0, 1, true, "x"])).toBe(true);
    expect(sheet.take([0, 1, false, "y"])).toBe(false);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it("floods nothing: what is too much in a second is lost, unread", () => {
    const { staff, guestPage, guest } = both();
    const { id } = guest.state.value.form ?? {};
    const told = vi.fn();
    staff.state.subscribe(told);
    told.mockClear();
    for (let n = 0; n < 10_000; n++)
      guestPage.tell({ t: "form", do: "set", id, lines: [[0, n + 2, true, `v${String(n)}`]] });
    expect(told.mock.calls.length).toBeLessThan(400);
  });

  it("has all of it told once a second, however often it asks", () => {
    const { staffPage, guestPage, guest } = both();
    const { id } = guest.state.value.form ?? {};
    const heads = (): number => staffPage.said.filter((said) => said.do === "head").length;
    const before = heads();
    for (let n = 0; n < 200; n++) {
      guestPage.tell({ t: "form", do: "want", id });
      vi.advanceTimersByTime(10);
    }
    expect(heads() - before).toBeLessThanOrEqual(3);
  });

  it("cannot bring a form whose fields are out of order, too many, or no fields", () => {
    const page = new Page();
    const guest = new GuestForm(page);
    const head = {
      t: "form",
      do: "head",
      id: "f",
      title: "x",
      digest: "0".repeat(64),
      scripted: false,
      count: 2,
    };
    const [a] = fields;
    for (const batch of [
      [{ at: 1, fields: [a] }],
      [{ at: 0, fields: [a, a, a] }],
      [
        { at: 0, fields: [a] },
        { at: 1, fields: [{ kind: "text" }] },
      ],
    ]) {
      page.hear(head);
      for (const more of batch) page.hear({ t: "form", do: "fields", id: "f", ...more });
    }
    expect(guest.state.value.form).toBeUndefined();
    page.hear(head);
    page.hear({ t: "form", do: "fields", id: "f", at: 0, fields: [a] });
    page.hear({ t: "form", do: "fields", id: "f", at: 1, fields: [a] });
    expect(guest.state.value.form?.fields).toHaveLength(2);
  });

  it("says anything at all, and every word is either one of ours or nothing", () => {
    let seed = 7;
    const random = (most: number): number => (seed = (seed * 48_271) % 2_147_483_647) % most;
    const odd = [
      undefined,
      null,
      -1,
      0,
      1,
      1e308,
      NaN,
      "",
      "a",
      "__proto__",
      [],
      {},
      [[]],
      [[0, 0, true, ""]],
      true,
    ];
    const does = [
      "now",
      "want",
      "head",
      "fields",
      "set",
      "at",
      "point",
      "confirm",
      "agreed",
      "reopen",
      "saved",
      "close",
      "x",
    ];
    const { staffPage, guestPage, staff, guest } = both();
    const { id } = guest.state.value.form ?? {};
    for (let n = 0; n < 20_000; n++) {
      vi.advanceTimersByTime(25);
      const any = (): unknown => odd[random(odd.length)];
      const message = { t: "form", do: does[random(does.length)], id: random(3) ? id : any(), title: any(), digest: any(), count: any(), at: any(), fields: any(), lines: any(), field: any(), round: any(), versions: any(), why: any() } as unknown as Added; // prettier-ignore
      if (message.do === "close" && message.id === id) continue;
      (random(2) ? staffPage : guestPage).hear(message);
    }
    expect(staff.state.value.form?.fields).toEqual(fields);
    expect(guest.state.value.form?.fields).toEqual(fields);
  });
});

it("a form of many fields goes in pieces that messages bear", () => {
  const many = Array.from({ length: 300 }, (_, n): Line => [n, 1, true, "x".repeat(500)]);
  const pieces = batches(many);
  expect(pieces.flatMap(({ items }) => items)).toEqual(many);
  for (const piece of pieces) expect(JSON.stringify(piece).length).toBeLessThan(16 * 1024);
});
