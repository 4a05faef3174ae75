import { afterEach, expect, test, vi } from "vitest";
import { server } from "./fakes";
import { Session } from "./session";

const path = "/api/staff/session?language=de";
const me = { id: "sommer", name: "Frau Sommer" };

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
