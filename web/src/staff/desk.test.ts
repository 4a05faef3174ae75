import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { StreamHandlers } from "../api/stream";
import type { Transfer } from "../api/types";
import { answersOf, DeskList, type DeskState } from "./desk";
import { grouped } from "./groups";
import { FakeStream, otherWindow, row, server, task } from "./fakes";
import { Session } from "./session";

const streams: FakeStream[] = [];

vi.mock("../api/stream", () => ({
  openStream: (url: string, handlers: StreamHandlers) => {
    const stream = new FakeStream(url, handlers);
    streams.push(stream);
    return stream;
  },
}));
vi.mock("../call/sound", () => ({ playChime: () => Promise.resolve() }));

let session: Session;
let list: DeskList;
let talkWindow: ReturnType<typeof otherWindow>;
let opened: string[];
let heard: string[];

const stream = (): FakeStream => streams.at(-1) as FakeStream;
const ids = (): string[] => list.state.rows.map(({ id }) => id);
const snapshot = (...rows: DeskState["rows"]): void => {
  stream().say("snapshot", { day: "2026-03-02", rows, tasks: [], late: [], now: Date.now() });
};
const waiting = (id: string) => row(id, { seat: { state: "waiting", arrivedAt: 1 } });

beforeEach(() => {
  vi.useFakeTimers();
  streams.length = 0;
  heard = [];
  opened = [];
  talkWindow = otherWindow();
  vi.stubGlobal("open", (path: string) => {
    opened.push(path);
    return { focus: () => undefined, location: { href: path } };
  });
  session = new Session();
  list = new DeskList(session, (what, { id }) => heard.push(`${id} ${what}`));
});

afterEach(() => {
  list.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("the list follows the stream", () => {
  test("rows come, change and go", () => {
    expect(list.state.known).toBe(false);
    snapshot(row("a"), row("b"));
    stream().say("row", row("b", { version: 2 }));
    stream().say("row", row("c"));
    stream().say("row-gone", { id: "a" });
    expect(list.state.known).toBe(true);
    expect(ids()).toEqual(["b", "c"]);
    expect(list.state.rows[0]?.version).toBe(2);
  });

  test("it knows by how much the clock of this device is wrong", () => {
    stream().say("snapshot", { day: "2026-03-02", rows: [], tasks: [], late: [], now: Date.now() + 90_000 });
    expect(list.state.offset).toBe(90_000);
  });

  test("whoever arrives is announced once, and neither who waits already nor who comes back from a talk", () => {
    snapshot(waiting("a"), row("b"));
    stream().say("row", waiting("b"));
    stream().say("row", waiting("b"));
    stream().say("row", row("b", { seat: { state: "talking" } }));
    stream().say("row", waiting("b"));
    snapshot(waiting("a"), waiting("b"), waiting("c"));
    expect(heard).toEqual(["b arrived", "c arrived"]);
  });

  test("an answer is announced once, and not those that are there when the page is opened", () => {
    const said = (id: string, answer?: string) => ({
      id,
      staff: { id: "p1", name: "Frau Sommer" },
      text: "Haben Sie Ihren Ausweis da?",
      sentAt: 1,
      ...(answer === undefined ? {} : { answer, answeredAt: 2 }),
    });
    const asked = (...messages: ReturnType<typeof said>[]) =>
      row("a", { seat: { state: "waiting", arrivedAt: 1, messages } });
    snapshot(asked(said("m1", "Ja")));
    stream().say("row", asked(said("m1", "Ja"), said("m2")));
    expect(heard).toEqual([]);
    stream().say("row", asked(said("m1", "Ja"), said("m2", "Nein")));
    stream().say("row", asked(said("m1", "Ja"), said("m2", "Nein")));
    expect(heard).toEqual(["a answered"]);
    expect(answersOf(list.state.rows[0]?.seat).map(({ answer }) => answer)).toEqual(["Ja", "Nein"]);
  });

  test("what a colleague hands over is announced, and nothing that was somebody's from the start", () => {
    Object.assign(session.state, { me: { id: "p1" } });
    const by = { id: "p2", name: "Herr Winter" };
    const mine = { advisor: { id: "p1", name: "Frau Sommer" } };
    snapshot(row("a"), row("b"), row("c", mine));
    stream().say("row", row("a", { ...mine, handed: { by, note: "Eilig" } }));
    stream().say("row", row("b", { ...mine, handed: { by: mine.advisor } })); // taken over by oneself
    stream().say("row", row("c", { ...mine, version: 2 }));
    expect(heard).toEqual(["a handed"]);
  });

  test("whoever leaves a talk is announced: somebody has to say how it ended", () => {
    snapshot(row("a", { seat: { state: "talking" } }));
    stream().say("row", row("a", { seat: { talkedUntil: 1 } }));
    expect(heard).toEqual(["a left"]);
  });

  test("a guest who asks to be called once more replaces what was asked before", () => {
    snapshot();
    stream().say("task", task("t1", { phone: "030111" }));
    stream().say("task", task("t2", { phone: "030222" }));
    stream().say("task", task("t3", { kind: "move" }));
    stream().say("task", task("t4", { appointment: "a2" }));
    expect(list.state.tasks.map(({ id }) => id)).toEqual(["t2", "t3", "t4"]);
    stream().say("task", task("t1", { doneAt: 1 }));
    expect(list.state.tasks.map(({ id }) => id)).toEqual(["t2", "t3", "t4"]);
    stream().say("task", task("t2", { doneAt: 1 }));
    expect(list.state.tasks.map(({ id }) => id)).toEqual(["t3", "t4"]);
  });

  test("whose talk was interrupted is called out once, and stands before all others", () => {
    const passed = row("b", {
      seat: { state: "waiting", arrivedAt: 5, passed: { at: 9, from: { id: "s", name: "Frau Sommer" } } },
    });
    snapshot(waiting("a"), row("b", { seat: { state: "talking" } }));
    stream().say("row", passed);
    stream().say("row", { ...passed, version: 2 });
    expect(heard).toEqual(["b passed"]);
    expect(grouped(list.state.rows, "", 10).waiting.map(({ id }) => id)).toEqual(["b", "a"]);
  });

  test("another day is another stream, and its people have not just arrived", () => {
    snapshot(row("a"));
    const before = stream();
    list.show("2026-03-03");
    expect(before.closed).toBe(true);
    expect(stream().url).toBe("/api/staff/stream?day=2026-03-03");
    stream().say("snapshot", { day: "2026-03-03", rows: [waiting("x")], tasks: [], late: [], now: 0 });
    expect(heard).toEqual([]);
  });

  test("a new day begins by itself, and who waits in it has arrived", () => {
    snapshot(row("a"));
    stream().say("snapshot", {
      day: "2026-03-03",
      rows: [waiting("b"), row("c")],
      tasks: [],
      late: [],
      now: 0,
    });
    expect(ids()).toEqual(["b", "c"]);
    expect(list.state.day).toBe("2026-03-03");
    expect(heard).toEqual(["b arrived"]);
  });

  test("of a day that is too long one team is shown, and who waits or talks anywhere", () => {
    const more = { day: "2026-03-02", rows: [row("a", { desk: "d1" })], tasks: [], late: [], now: 0 };
    stream().say("snapshot", { ...more, moreRows: true });
    expect([list.state.moreRows, list.state.moreTasks]).toEqual([true, false]);
    list.narrow("d1");
    expect(stream().url).toBe("/api/staff/stream?desk=d1");
    stream().say("snapshot", more);
    expect([list.state.moreRows, list.state.moreTasks]).toEqual([false, false]);
    stream().say("row", row("b", { desk: "d2" }));
    expect(ids()).toEqual(["a"]);
    stream().say("row", row("b", { desk: "d2", seat: { state: "waiting", arrivedAt: 1 } }));
    expect(ids()).toEqual(["a", "b"]);
    expect(heard).toEqual(["b arrived"]);
    stream().say("row", row("b", { desk: "d2", seat: { state: "closed" } }));
    expect(ids()).toEqual(["a"]);
    list.show("2026-03-03");
    expect(stream().url).toBe("/api/staff/stream?day=2026-03-03&desk=d1");
    list.narrow(undefined);
    expect(stream().url).toBe("/api/staff/stream?day=2026-03-03");
  });

  test("what somebody else calls off is told, what this page calls off is not", async () => {
    const off = (id: string) => row(id, { status: "cancelled", seat: { state: "closed" } });
    snapshot(row("a"), row("b"), row("c", { seat: { state: "talking" } }));
    stream().say("row", off("a"));
    stream().say("row", off("a"));
    expect(heard).toEqual(["a called-off"]);
    server({ "/api/staff/appointments/b/cancel": { body: { id: "b", version: 2 } } });
    await list.cancel(row("b"));
    stream().say("row", off("b"));
    stream().say("row", off("c"));
    expect(heard).toEqual(["a called-off"]);
    stream().say("row", row("b"));
    stream().say("row", row("b", { status: "cancelled" }));
    expect(heard).toEqual(["a called-off", "b called-off"]);
  });

  test.each([
    ["the server says goodbye", () => stream().say("bye", { reason: "signed-out" })],
    [
      "the stream is refused",
      () =>
        stream().handlers.onRefused?.({ status: 401 } as Parameters<
          NonNullable<StreamHandlers["onRefused"]>
        >[0]),
    ],
  ])("the session is over when %s", (_, end) => {
    const lost = vi.spyOn(session, "lost");
    end();
    expect(lost).toHaveBeenCalledOnce();
  });

  test("who works at other desks than before sees the same day of those", async () => {
    const renew = vi.spyOn(session, "renew").mockResolvedValue();
    const before = stream();
    before.say("bye", { reason: "rights" });
    await vi.waitFor(() => {
      expect(stream()).not.toBe(before);
    });
    expect(renew).toHaveBeenCalledOnce();
    expect(stream().url).toBe(before.url);
  });

  test("who is refused because the team is closed sees which are", async () => {
    const renew = vi.spyOn(session, "renew").mockResolvedValue();
    const booking = {
      desk: "d1",
      service: "s1",
      startsAt: 1,
      citizen: { name: "Erika" },
      language: "de",
    } as const;
    server({ "/api/staff/appointments": { status: 409, body: { code: "appointment.full" } } });
    await expect(list.book(booking)).rejects.toMatchObject({ code: "appointment.full" });
    expect(renew).not.toHaveBeenCalled();
    server({ "/api/staff/appointments": { status: 409, body: { code: "appointment.desk_closed" } } });
    await expect(list.book(booking)).rejects.toMatchObject({ code: "appointment.desk_closed" });
    expect(renew).toHaveBeenCalledOnce();
  });

  test("the session is over when the server does not know it any more, and the caller hears why", async () => {
    const lost = vi.spyOn(session, "lost");
    server({ "/api/staff/appointments/a/cancel": { status: 401, body: { code: "session.none" } } });
    await expect(list.cancel(row("a"))).rejects.toMatchObject({ code: "session.none" });
    expect(lost).toHaveBeenCalledOnce();
  });
});

describe("somebody is called in", () => {
  beforeEach(() => {
    snapshot(waiting("a"), waiting("b"));
  });

  test("the talk's window is opened, and hears for whom once it is there", () => {
    list.admit("seat-a");
    expect(opened).toEqual(["/staff/talk/ready"]);
    expect(list.state.admitting).toBe("seat-a");
    talkWindow.heard.length = 0;
    talkWindow.say({ t: "here", talk: undefined });
    expect(talkWindow.heard).toEqual([{ t: "admit", seat: "seat-a" }]);
    talkWindow.say({ t: "here", talk: "t1" });
    expect(list.state).toMatchObject({ admitting: undefined, talk: "t1" });
  });

  test("where a device is paired the talk begins there, and no window is opened", async () => {
    const device = { id: "p1", since: 1 };
    stream().say("snapshot", { day: "2026-03-02", rows: [], tasks: [], late: [], device, now: Date.now() });
    const { posted, bodies } = server({ "/api/staff/seats/seat-a/admit": {} });
    list.admit("seat-a");
    await vi.waitFor(() => {
      expect(list.state.admitting).toBeUndefined();
    });
    expect(posted).toEqual(["/api/staff/seats/seat-a/admit"]);
    expect(bodies).toEqual([{ device: true }]);
    expect(opened).toEqual([]);
    snapshot();
    list.admit("seat-b");
    expect(opened).toEqual(["/staff/talk/ready"]);
  });

  test("a device that is none any more is told at the row, and the next click opens the window", async () => {
    const device = { id: "p1", since: 1 };
    stream().say("snapshot", { day: "2026-03-02", rows: [], tasks: [], late: [], device, now: Date.now() });
    server({ "/api/staff/seats/seat-a/admit": { status: 409, body: { code: "device.none" } } });
    list.admit("seat-a");
    await vi.waitFor(() => {
      expect(list.state.refusal).toMatchObject({ seat: "seat-a", error: { code: "device.none" } });
    });
    expect(list.state.admitting).toBeUndefined();
    snapshot();
    list.admit("seat-a");
    expect(opened).toEqual(["/staff/talk/ready"]);
  });

  test("the window of a running talk is not led to another one", () => {
    talkWindow.say({ t: "here", talk: "t1" });
    list.rejoin("t2");
    expect(opened).toEqual([]);
    expect(list.state.refusal).toMatchObject({ error: { code: "talk.busy" } });
    list.rejoin("t1");
    talkWindow.say({ t: "here", talk: undefined });
    list.rejoin("t2");
    expect(opened).toEqual(["", "/staff/talk/t2"]);
  });

  test("a window that is open already hears at once, and no second one is opened", () => {
    talkWindow.say({ t: "here", talk: undefined });
    talkWindow.heard.length = 0;
    list.admit("seat-a");
    expect(talkWindow.heard).toEqual([{ t: "admit", seat: "seat-a" }]);
    expect(opened).toEqual([""]);
  });

  test("what changes while the list is kept still is there at once, and shown when it is over", async () => {
    const shown: DeskState[] = [];
    list.subscribe((state) => shown.push(state));
    list.admit("seat-a");
    stream().say("row", row("a", { seat: { state: "talking" } }));
    stream().say("row-gone", { id: "b" });
    expect(ids()).toEqual(["a"]);
    const before = shown.length;
    expect(shown.at(-1)?.rows).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(300);
    expect(shown).toHaveLength(before + 1);
    expect(shown.at(-1)?.rows.map(({ seat }) => seat.state)).toEqual(["talking"]);
  });

  test("a colleague was quicker: the list says who, and somebody else can be called", () => {
    list.admit("seat-a");
    talkWindow.say({ t: "here", talk: undefined });
    talkWindow.say({ t: "refused", seat: "seat-a", code: "seat.admitted", params: { by: "Herr Winter" } });
    expect(list.state.admitting).toBeUndefined();
    expect(list.state.refusal).toMatchObject({
      seat: "seat-a",
      error: { code: "seat.admitted", params: { by: "Herr Winter" } },
    });
    list.admit("seat-b");
    expect(list.state).toMatchObject({ admitting: "seat-b", refusal: undefined });
  });

  test("nobody else is called meanwhile, nor during a talk", () => {
    list.admit("seat-a");
    list.admit("seat-b");
    expect(list.state.admitting).toBe("seat-a");
    talkWindow.say({ t: "here", talk: "t1" });
    list.admit("seat-b");
    expect(list.state).toMatchObject({ admitting: undefined, refusal: { error: { code: "talk.busy" } } });
  });

  test("a browser that opens no window is named as the cause", () => {
    vi.stubGlobal("open", () => null);
    list.admit("seat-a");
    expect(list.state).toMatchObject({ admitting: undefined, refusal: { error: { code: "talk.blocked" } } });
  });

  test.each([
    ["a window that never appears", false, "talk.silent"],
    ["a window that does not answer", true, "talk.slow"],
  ])("%s is not waited for without end, and not given up without a word", (_, appears, code) => {
    if (appears) talkWindow.say({ t: "here", talk: undefined });
    list.admit("seat-a");
    vi.advanceTimersByTime(19_999);
    expect(list.state.admitting).toBe("seat-a");
    vi.advanceTimersByTime(1);
    expect(list.state).toMatchObject({ admitting: undefined, refusal: { error: { code } } });
  });

  test("nothing is said where the person does not wait any more", () => {
    list.admit("seat-a");
    stream().say("row", row("a", { seat: { state: "talking" } }));
    vi.advanceTimersByTime(20_000);
    expect(list.state).toMatchObject({ admitting: undefined, refusal: undefined });
  });
});

describe("a refusal is about somebody, and no longer said than it is news", () => {
  const refused = (): void => {
    snapshot(waiting("a"), waiting("b"));
    list.admit("seat-a");
    talkWindow.say({ t: "here", talk: undefined });
    talkWindow.say({ t: "refused", seat: "seat-a", code: "seat.admitted", params: { by: "Herr Winter" } });
    stream().say("row", row("a", { seat: { state: "talking" } }));
    expect(list.state.refusal).toMatchObject({ seat: "seat-a" });
  };

  test.each([
    ["a talk of one's own begins", () => talkWindow.say({ t: "here", talk: "t2" })],
    ["that talk is over", () => stream().say("row", row("a", { seat: { talkedUntil: 1 } }))],
    ["that appointment is done", () => stream().say("row", row("a", { seat: { state: "closed" } }))],
    ["the row has left the list", () => stream().say("row-gone", { id: "a" })],
    ["the day is another", () => list.show("2026-03-03")],
    ["it is closed", () => list.dismissRefusal()],
    ["something else is done", () => void list.cancel(row("b")).catch(() => undefined)],
    ["a talk is gone back to", () => list.rejoin("t9")],
  ])("it goes when %s", (_, happens) => {
    refused();
    server({});
    happens();
    expect(list.state.refusal).toBeUndefined();
  });

  test("it stays while the list changes elsewhere", () => {
    refused();
    stream().say("row", waiting("c"));
    stream().say("row-gone", { id: "b" });
    expect(list.state.refusal).toBeDefined();
  });
});

test("what one is asked to go on with is told whole, and entered by the talk's window", () => {
  const asked = { talk: "t1", seat: "seat-x", at: 7, from: { id: "w", name: "Herr Winter" } } as Transfer;
  snapshot();
  stream().say("transfers", [asked]);
  expect(list.state.transfers).toEqual([asked]);
  list.enter(asked);
  talkWindow.say({ t: "here", talk: undefined });
  expect(talkWindow.heard.at(-1)).toEqual({ t: "enter", seat: "seat-x", talk: "t1", at: 7 });
  talkWindow.say({ t: "here", talk: "t1" });
  stream().say("transfers", []);
  expect(list.state).toMatchObject({ transfers: [], admitting: undefined, talk: "t1" });
});

test("a task that has gone to others is none any more", () => {
  snapshot();
  stream().say("task", task("k"));
  stream().say("task-gone", { id: "k" });
  expect(list.state.tasks).toEqual([]);
});

describe("a colleague's talk is taken over", () => {
  beforeEach(() => {
    snapshot(row("a", { seat: { state: "talking" } }));
  });

  test("by the talk's window, which is told so and not led by an address", () => {
    list.takeOver("seat-a", "t1");
    expect(opened).toEqual(["/staff/talk/ready"]);
    talkWindow.heard.length = 0;
    talkWindow.say({ t: "here", talk: undefined });
    expect(talkWindow.heard).toEqual([{ t: "takeover", seat: "seat-a", talk: "t1" }]);
    talkWindow.say({ t: "here", talk: "t1" });
    expect(list.state).toMatchObject({ admitting: undefined, talk: "t1" });
  });

  test("not out of a talk of one's own", () => {
    talkWindow.say({ t: "here", talk: "t2" });
    list.takeOver("seat-a", "t1");
    expect(opened).toEqual([]);
    expect(list.state.refusal).toMatchObject({ seat: "seat-a", error: { code: "talk.busy" } });
  });

  test("a window that does not answer is named", () => {
    list.takeOver("seat-a", "t1");
    vi.advanceTimersByTime(20_000);
    expect(list.state).toMatchObject({ admitting: undefined, refusal: { error: { code: "talk.silent" } } });
  });
});

describe("the groups of a day", () => {
  const { startsAt, seat } = row("x");
  const groups = (now: number, ...rows: DeskState["rows"]): Record<string, string[]> =>
    Object.fromEntries(
      Object.entries(grouped(rows, "", now) as unknown as Record<string, DeskState["rows"]>).map(
        ([name, list]) => [name, list.map(({ id }) => id)],
      ),
    );

  test("each row stands in one", () => {
    expect(
      groups(
        startsAt,
        waiting("w"),
        row("t", { seat: { state: "talking" } }),
        row("n"),
        row("left", { seat: { talkedUntil: startsAt } }),
        row("d", { status: "done", outcome: "held", seat: { state: "closed", talkedUntil: startsAt } }),
      ),
    ).toEqual({ waiting: ["w"], talking: ["t"], missing: ["left"], next: ["n"], done: ["d"] });
  });

  test("an outcome is missing once the time is over", () => {
    expect(groups(seat.closesAt - 1, row("n")).missing).toEqual([]);
    expect(groups(seat.closesAt, row("n")).missing).toEqual(["n"]);
  });
});
