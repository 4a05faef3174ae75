import { expect, test } from "vitest";
import { ApiError } from "../api/client";
import { Recovery } from "./recovery";

const away = new ApiError(0, "network");

test("one attempt gets four seconds before the next", () => {
  const recovery = new Recovery("staff");
  expect([0, 3_999, 4_000].map((now) => recovery.next(now))).toEqual(["restart", "wait", "restart"]);
});

test("an attempt that did not reach the other side is repeated after two seconds, and does not count", () => {
  const recovery = new Recovery("guest");
  for (let now = 0; now < 20_000; now += 2_000) {
    expect(recovery.next(now)).toBe("restart");
    expect(recovery.next(now + 1_999)).toBe("wait");
    recovery.failed(away, now);
  }
});

test("a refusal is no reason for haste", () => {
  const recovery = new Recovery("guest");
  recovery.next(0);
  recovery.failed(new ApiError(409, "talk.ended"), 0);
  expect(recovery.next(2_000)).toBe("wait");
});

test("after four attempts in vain the guest, and only the guest, begins anew", () => {
  const attempts = (recovery: Recovery) => Array.from({ length: 6 }, (_, n) => recovery.next(n * 4_000));
  expect(attempts(new Recovery("guest"))).toEqual([
    "restart",
    "restart",
    "restart",
    "restart",
    "renew",
    "restart",
  ]);
  expect(attempts(new Recovery("staff"))).toEqual(Array.from({ length: 6 }, () => "restart"));
});

test("media that flow again, or a network that is back, take the pause away", () => {
  const recovery = new Recovery("guest");
  recovery.next(0);
  recovery.online();
  expect(recovery.next(1)).toBe("restart");
  for (const now of [5_000, 10_000]) recovery.next(now);
  recovery.restored();
  expect(Array.from({ length: 4 }, (_, n) => recovery.next(15_000 + n * 5_000))).not.toContain("renew");
});

test("the guest finds a connection lost a little sooner than the advisor", () => {
  const lost = (side: "guest" | "staff") =>
    [999, 1_000, 1_499, 1_500].map((ms) => new Recovery(side).silent(ms));
  expect(lost("guest")).toEqual([false, true, true, true]);
  expect(lost("staff")).toEqual([false, false, false, true]);
});

test("an interruption ends with media, whatever the connection says of itself", () => {
  const recovery = new Recovery("guest");
  expect(recovery.interrupted).toBe(false);
  recovery.silent(1_200);
  recovery.begin();
  expect(recovery.interrupted).toBe(true);
  recovery.restored();
  expect(recovery.interrupted).toBe(false);
});
