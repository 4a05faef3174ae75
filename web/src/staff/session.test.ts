import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError } from "../api/client";
import { otherWindow, server } from "./fakes";
import { Session } from "./session";

const path = "/api/staff/session?language=de";
const me = { id: "sommer", name: "Frau Sommer" };

let other: ReturnType<typeof otherWindow>;

beforeEach(() => {
  other = otherWindow();
});
afterEach(() => {
  vi.unstubAllGlobals();
});

test("whoever signs out is signed out, also where the server has forgotten them already", async () => {
  for (const status of [204, 401]) {
    server({ [path]: { body: me }, "/api/staff/session": { status, body: { code: "session.none" } } });
    const session = new Session();
    await session.open("de");
    expect(session.state.me).toEqual(me);
    await session.signOut();
    expect(session.state.me).toBeUndefined();
  }
});

test("a sign-out that the server has not heard of is not told as done: the next person would be signed in", async () => {
  server({ [path]: { body: me }, "/api/staff/session": { status: 503, body: { code: "internal" } } });
  const session = new Session();
  await session.open("de");
  await session.signOut();
  expect(session.state).toMatchObject({ me, refusal: { status: 503 } });
});

test("all windows of a browser hear of a sign-out and of a sign-in", async () => {
  server({
    [path]: { body: me },
    "/api/staff/session": { status: 204 },
    "/api/staff/session?language=en": { body: me },
  });
  const session = new Session();
  await session.open("de");
  await session.signOut();
  expect(other.heard).toEqual([{ t: "signed-out" }]);
  await session.signIn({ agency: "", email: "sommer@example.org", password: "x" }, "en");
  expect(other.heard.at(-1)).toEqual({ t: "signed-in" });
  expect(session.state).toEqual({ asking: false, busy: false, me });
});

test("whoever comes back from a provider is told why not, or all windows are told so", async () => {
  const refusal = new ApiError(403, "sso.no_role");
  server({ [path]: { status: 401, body: { code: "session.none" } } });
  const session = new Session();
  await session.open("de", { signedIn: false, refusal });
  expect(session.state).toEqual({ asking: false, busy: false, refusal });
  expect(other.heard).toEqual([]);
  server({ [path]: { body: me } });
  await session.open("de", { signedIn: true });
  expect(session.state).toEqual({ asking: false, busy: false, me });
  expect(other.heard).toEqual([{ t: "signed-in" }]);
});

test("a sign-out that did not work is told to no other window", async () => {
  server({ [path]: { body: me }, "/api/staff/session": { status: 503, body: { code: "internal" } } });
  const session = new Session();
  await session.open("de");
  await session.signOut();
  expect(other.heard).toEqual([]);
});

test("a window follows the others: out, and in again as whoever has signed in", async () => {
  server({ [path]: { body: me } });
  const session = new Session();
  await session.open("de");
  other.say({ t: "signed-out" });
  expect(session.state).toEqual({ asking: false, busy: false });
  const winter = { id: "winter", name: "Herr Winter" };
  server({ [path]: { body: winter } });
  other.say({ t: "signed-in" });
  await vi.waitFor(() => {
    expect(session.state).toMatchObject({ me: winter, followed: true });
  });
});

test("the right password may not be enough: the page asks for what is missing, or begins again", async () => {
  const session = new Session();
  for (const [code, needs] of [
    ["session.code", "code"],
    ["session.setup", "setup"],
  ]) {
    server({ [path]: { status: 401, body: { code, params: { ticket: "abc" } } } });
    await session.signIn({ agency: "", email: "sommer@example.org", password: "x" }, "de");
    expect(session.state).toEqual({ asking: false, busy: false, step: { needs, ticket: "abc" } });
  }
  session.startOver(new ApiError(401, "session.expired"));
  expect(session.state).toMatchObject({ refusal: { code: "session.expired" } });
  expect(session.state.step).toBeUndefined();
  expect(session.goOn(new ApiError(401, "session.wrong"))).toBe(false);
});
