// @vitest-environment happy-dom
import { afterEach, expect, test, vi } from "vitest";
import { server } from "./fakes";
import { startOf, takeArrival, waysOf } from "./ways";

afterEach(() => {
  vi.unstubAllGlobals();
  history.replaceState(null, "", "/");
});

test("where the server does not say how people sign in, they have a password", async () => {
  server({ "/api/staff/sso?agency=amt%20nord": { status: 503, body: { code: "unavailable" } } });
  expect(await waysOf("amt nord")).toEqual({
    providers: [],
    password: true,
    several: false,
    passkeys: false,
    forgotten: false,
  });
});

test("signing in elsewhere comes back to the same page", () => {
  history.replaceState(null, "", "/staff/talk/abc?x=1");
  expect(startOf("keycloak")).toBe("/api/staff/sso/keycloak/start?to=%2Fstaff%2Ftalk%2Fabc");
});

test("why somebody was not let in is said once", () => {
  history.replaceState(null, "", "/staff?agency=nord#refused=sso.no_role");
  expect(takeArrival()).toMatchObject({ signedIn: false, refusal: { code: "sso.no_role" } });
  expect(location.pathname + location.search + location.hash).toBe("/staff?agency=nord");
  expect(takeArrival()).toEqual({ signedIn: false });
});

test("other windows hear of who has come back", () => {
  history.replaceState(null, "", "/staff#signed-in");
  expect(takeArrival()).toEqual({ signedIn: true });
  expect(location.hash).toBe("");
});

test("nothing else in a fragment is a refusal, or is taken away", () => {
  for (const hash of ["#refused=<b>", "#refused=", "#x", `#refused=${"a".repeat(41)}`, "#refused=A"]) {
    history.replaceState(null, "", `/staff${hash}`);
    expect(takeArrival()).toEqual({ signedIn: false });
    expect(location.hash).not.toBe("");
  }
});
