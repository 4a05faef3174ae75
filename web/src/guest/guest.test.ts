import { describe, expect, test } from "vitest";
import { ApiError } from "../api/client";
import type { GuestView } from "../api/types";
import { initialState } from "../call/state";
import { isInApp, type Surroundings, troubleOf } from "./browser";
import { androidIntent, helpFor } from "./help";
import { readFragment, routeOf } from "./link";
import { ailing, entryOf, initialVisit, modeOf, screenOf, type VisitState } from "./screen";
import { clockText } from "../talk/clock";
import { isAlone, sentences } from "../talk/sentences";
import { verdictOf } from "./test/verdict";
import { countdown, knownZone, nearDay, whenOf } from "../i18n/times";

describe("the link", () => {
  test("WEB-04: a fragment is a secret, a seat, or nothing", () => {
    expect(readFragment("#abc_DEF-1")).toEqual({ secret: "abc_DEF-1" });
    expect(readFragment("#seat=s1")).toEqual({ seat: "s1" });
    expect(readFragment("")).toBeUndefined();
    expect(readFragment("#")).toBeUndefined();
  });

  test("paths lead to pages", () => {
    expect(routeOf("/t/demo")).toEqual({ page: "visit", agency: "demo" });
    expect(routeOf("/test")).toEqual({ page: "test" });
    expect(routeOf("/receipt")).toEqual({ page: "receipt" });
    expect(routeOf("/")).toEqual({ page: "home" });
    expect(routeOf("/termin")).toEqual({ page: "unknown" });
  });
});

describe("browsers", () => {
  const ios =
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)";
  const android = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko)";

  test.each([
    `${ios} Mobile/15E148 [FBAN/FBIOS;FBAV/450.0]`,
    `${ios} Mobile/15E148 Instagram 330.0`,
    `${ios} GSA/310.0 Mobile/15E148 Safari/604.1`,
    `${ios} Mobile/15E148 Outlook-iOS/4.0`,
    `${ios} Mobile/15E148`,
    "Mozilla/5.0 (Linux; Android 14; Pixel 8; wv) AppleWebKit/537.36 Version/4.0 Chrome/125.0 Mobile Safari/537.36",
  ])("inside another app: %s", (userAgent) => {
    expect(isInApp(userAgent)).toBe(true);
  });

  test.each([
    `${ios} Version/17.5 Mobile/15E148 Safari/604.1`,
    `${ios} CriOS/125.0 Mobile/15E148 Safari/604.1`,
    `${android} Chrome/125.0 Mobile Safari/537.36`,
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
  ])("a browser of its own: %s", (userAgent) => {
    expect(isInApp(userAgent)).toBe(false);
  });

  test("the most telling trouble is named", () => {
    const fine: Surroundings = {
      userAgent: android,
      secure: true,
      devices: true,
      connections: true,
      digests: true,
      recent: true,
    };
    expect(troubleOf(fine)).toBeUndefined();
    expect(troubleOf({ ...fine, recent: false })).toBe("old");
    expect(troubleOf({ ...fine, connections: false })).toBe("no-call");
    expect(troubleOf({ ...fine, secure: false, devices: false, digests: false })).toBe("insecure");
    expect(troubleOf({ ...fine, secure: false, userAgent: `${android} FBAV/1` })).toBe("in-app");
  });

  test("help fits the device", () => {
    expect(helpFor(ios)).toBe("ios");
    expect(helpFor(android)).toBe("android");
    expect(helpFor("Mozilla/5.0 (X11) Gecko Firefox/128.0")).toBe("firefox");
    expect(helpFor("Mozilla/5.0 (Windows NT 10.0) Chrome/125.0 Safari/537.36 Edg/125.0")).toBe("chrome");
    expect(helpFor("Mozilla/5.0 (Macintosh) Version/17.5 Safari/605.1.15")).toBe("safari");
  });

  test("the way into Chrome keeps the secret behind the first #", () => {
    expect(androidIntent("https://amt.example/t/demo#geheim")).toBe(
      "intent://amt.example/t/demo#geheim#Intent;scheme=https;package=com.android.chrome;end",
    );
  });
});

describe("the screen", () => {
  const view: GuestView = {
    seat: "s",
    agency: {
      slug: "demo",
      name: "Amt",
      phone: "030",
      phoneHours: {},
      timeZone: "Europe/Berlin",
      languages: ["de"],
    },
    department: "d",
    location: "l",
    state: "expected",
    language: "de",
    startsAt: 2_000,
    endsAt: 3_000,
    opensAt: 1_000,
    closesAt: 4_000,
    here: false,
    elsewhere: false,
    takeover: "none",
    doors: ["link", "callback"],
    legal: { notice: { version: "v1", own: false } },
    now: 1_500,
  };
  const at = (now: number, change: Partial<GuestView>, state: Partial<VisitState> = {}): string =>
    screenOf({ ...initialVisit, ...state, view: { ...view, ...change } }, now);
  const talk = {
    id: "t",
    generation: 1,
    staffName: "Frau Sommer",
    admittedAt: 2_000,
    headsUpMs: 0,
    staffHere: true,
    lead: "a",
  };

  test("ACC-02: follows the window of the waiting room", () => {
    expect(at(999, {})).toBe("early");
    expect(at(1_000, {})).toBe("landing");
    expect(at(4_001, {})).toBe("late");
    expect(at(1_500, {}, { step: "check" })).toBe("check");
  });

  test("AUD-05: nobody gets to the check where video is not offered, or not agreed to", () => {
    expect(at(1_500, { barred: "consent" }, { step: "check" })).toBe("landing");
    expect(at(1_500, { barred: "door" }, { step: "check" })).toBe("landing");
    expect(at(1_500, { barred: "door", state: "waiting", here: true }, { joined: true })).toBe("waiting");
  });

  test("waiting and talking are shown where the seat is held", () => {
    expect(at(1_500, { state: "waiting", here: true }, { joined: true })).toBe("waiting");
    expect(at(1_500, { state: "waiting", here: true })).toBe("loading");
    expect(at(1_500, { state: "waiting", elsewhere: true })).toBe("elsewhere");
    expect(at(2_500, { state: "talking", here: true, talk }, { joined: true })).toBe("called");
    expect(at(2_500, { state: "talking", here: true, talk }, { joined: true, entered: true })).toBe("talk");
    expect(at(2_500, { state: "talking", elsewhere: true, talk })).toBe("elsewhere");
    expect(at(2_500, { state: "waiting", here: true }, { takenOver: true })).toBe("taken-over");
    expect(at(2_500, { state: "waiting", elsewhere: true }, { takenOver: true, step: "check" })).toBe(
      "check",
    );
  });

  test("the way on from the check says where it leads", () => {
    expect(entryOf(view)).toBe("first");
    expect(entryOf({ ...view, state: "waiting", elsewhere: true })).toBe("device");
    expect(entryOf({ ...view, state: "talking", elsewhere: true, talk })).toBe("device");
    expect(entryOf({ ...view, state: "talking", talk })).toBe("window");
  });

  test("a takeover waits for the advisor's yes", () => {
    expect(at(2_500, { state: "talking", elsewhere: true, takeover: "asked" })).toBe("asked");
    expect(at(2_500, { state: "talking", elsewhere: true, takeover: "refused" })).toBe("refused");
    expect(at(2_500, { state: "talking", elsewhere: true, takeover: "refused" }, { step: "check" })).toBe(
      "check",
    );
    expect(
      at(2_500, { state: "talking", here: true, takeover: "none", talk }, { joined: true, entered: true }),
    ).toBe("talk");
  });

  test("the end is a good-bye for those who talked, and a notice for others", () => {
    expect(at(2_500, { state: "closed", closedReason: "held" }, { talkedMs: 5 })).toBe("goodbye");
    expect(at(2_500, { state: "closed", closedReason: "held" })).toBe("closed");
    expect(at(2_500, { state: "closed", closedReason: "cancelled" })).toBe("cancelled");
  });

  test.each([
    ["link.unknown", "unknown"],
    ["link.moved", "moved"],
    ["link.cancelled", "cancelled"],
    ["link.throttled", "throttled"],
    ["seat.unknown", "unknown"],
    ["network", "offline"],
    ["internal", "offline"],
  ])("a link that fails with %s shows %s", (code, screen) => {
    expect(screenOf({ ...initialVisit, failure: new ApiError(1, code) }, 0)).toBe(screen);
  });

  test("the devices decide what becomes of the wish", () => {
    const stream = {} as MediaStream;
    expect(modeOf("video", { stream, camera: "ok", microphone: "ok" })).toBe("video");
    expect(modeOf("video", { stream, camera: "refused", microphone: "ok" })).toBe("audio");
    expect(modeOf("audio", { stream, camera: "off", microphone: "missing" })).toBe("text");
    expect(modeOf("video", undefined)).toBe("text");
  });

  test("what is wrong with both devices is one thing to mend", () => {
    const stream = {} as MediaStream;
    expect(ailing(undefined)).toEqual([]);
    expect(ailing({ stream, camera: "off", microphone: "ok" })).toEqual([]);
    expect(ailing({ stream, camera: "refused", microphone: "refused" })).toEqual([
      { device: "both", why: "refused" },
    ]);
    expect(ailing({ stream, camera: "missing", microphone: "busy" })).toHaveLength(2);
  });
});

describe("times", () => {
  const minute = 60_000;
  test.each([
    [0, { unit: "now" }],
    [30_000, { unit: "minutes", n: 1 }],
    [12 * minute, { unit: "minutes", n: 12 }],
    [3 * 60 * minute, { unit: "hours", n: 3 }],
    [49 * 60 * minute, { unit: "days", n: 2 }],
    [-5 * minute, { unit: "since", n: 5 }],
  ])("%i ms ahead", (ms, expected) => {
    expect(countdown(1e9 + ms, 1e9)).toEqual(expected);
  });

  test("a clock counts up", () => {
    expect(clockText(-5)).toBe("0:00");
    expect(clockText(247_000)).toBe("4:07");
    expect(clockText(3_847_000)).toBe("1:04:07");
  });
});

test("a person who is not there is no bad connection, as long as this page hears the server", () => {
  const silent = { ...initialState, phase: "reconnecting" } as const;
  expect(isAlone(silent, false, "open")).toBe(true);
  expect(isAlone(silent, true, "open")).toBe(false);
  expect(isAlone(silent, false, "lost")).toBe(false);
  expect(isAlone({ ...silent, phase: "connected" }, false, "open")).toBe(false);
});

test("A11-08: the talk says what matters, at most two sentences", () => {
  const on = { ...initialState.local, mic: "ok", camera: "ok" } as const;
  const there = { ...initialState.remote, mic: true, camera: true };
  const talk = { ...initialState, phase: "connected", local: on, remote: there } as const;
  expect(sentences(talk, false)).toEqual([]);
  expect(sentences({ ...talk, local: { ...on, mic: "off" } }, false)).toEqual(["call.state.micOff"]);
  expect(sentences({ ...talk, local: { ...on, mic: "off" } }, true)).toEqual([]);
  expect(sentences({ ...talk, phase: "reconnecting", quality: "lost" }, false)).toEqual([
    "call.state.reconnecting",
  ]);
  expect(sentences({ ...talk, codeCompared: { mine: true, theirs: false } }, false)).toEqual([
    "call.code.waiting",
  ]);
  expect(sentences({ ...talk, codeCompared: { mine: true, theirs: true } }, false)).toEqual([]);
  const worst = { ...talk, quality: "poor", local: initialState.local, remote: initialState.remote } as const;
  expect(sentences(worst, false)).toHaveLength(2);
});

test("where nobody sends pictures nothing is said of fewer of them", () => {
  const local = { ...initialState.local, mic: "ok" } as const;
  const remote = { ...initialState.remote, mic: true };
  const talk = { ...initialState, phase: "connected", local, remote } as const;
  const [weak, poor] = [{ ...talk, quality: "weak" } as const, { ...talk, quality: "poor" } as const];
  expect(sentences(weak, false)[0]).toBe("call.state.weakSound");
  expect(sentences(poor, false)[0]).toBe("call.state.poorSound");
  expect(sentences({ ...weak, remote: { ...remote, sharing: true } }, false)[0]).toBe("call.state.weak");
  expect(sentences({ ...poor, local: { ...local, camera: "ok" } }, false)[0]).toBe("call.state.poor");
});

test("who takes part in writing is told so, and so is the advisor", () => {
  const off = { ...initialState, phase: "connected" } as const;
  expect(sentences(off, false, "here")[0]).toBe("call.state.writing");
  expect(sentences({ ...off, local: { ...off.local, mic: "ok", camera: "ok" } }, false, "there")).toEqual([
    "call.state.remoteWriting",
  ]);
});

test("a device that cannot be had says why, and one that is switched off says that", () => {
  const there = { ...initialState.remote, mic: true, camera: true };
  const talk = { ...initialState, phase: "connected", remote: there } as const;
  const local = { ...initialState.local, mic: "ok", camera: "missing" } as const;
  expect(sentences({ ...talk, local }, false)).toEqual(["call.state.camera.missing"]);
  expect(sentences({ ...talk, local: { ...local, camera: "off" } }, false)).toEqual(["call.state.cameraOff"]);
  expect(sentences(talk, false)).toEqual(["call.state.bothOff"]);
});

test("the network test has three endings", () => {
  expect(verdictOf([{ path: "udp", ok: true }])).toBe("good");
  expect(
    verdictOf([
      { path: "udp", ok: false },
      { path: "tcp", ok: true },
    ]),
  ).toBe("detour");
  expect(verdictOf([{ path: "udp", ok: false }])).toBe("none");
});

test("days are named as people name them, across the end of a month", () => {
  const zone = "Europe/Berlin";
  const now = Date.parse("2026-11-30T23:50:00+01:00");
  const hours = (n: number): number => now + n * 3_600_000;
  expect(nearDay(now, now, zone)).toBe("today");
  expect(nearDay(hours(-20), now, zone)).toBe("today");
  expect(nearDay(hours(1), now, zone)).toBe("tomorrow");
  expect(nearDay(hours(24), now, zone)).toBe("tomorrow");
  expect(nearDay(hours(25), now, zone)).toBe("other");
  expect(nearDay(hours(-24), now, zone)).toBe("other");
});

test("times are told by the clocks of the office, whatever the device is set to", () => {
  const at = Date.parse("2026-07-01T22:30:00Z");
  const now = at - 3_600_000;
  const lisbon = { language: "de", zone: "Europe/Lisbon" } as const;
  expect(whenOf(at, now, lisbon)).toEqual({ day: "today", date: "Mittwoch, 1. Juli", time: "23:30" });
  const berlin = { language: "de", zone: "Europe/Berlin" } as const;
  expect(whenOf(at, now, berlin)).toEqual({ day: "tomorrow", date: "Donnerstag, 2. Juli", time: "00:30" });
  expect(knownZone("Europe/Lisbon")).toBe("Europe/Lisbon");
  expect(knownZone("Europe/Nowhere")).toBeUndefined();
});
