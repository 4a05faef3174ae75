import { expect, test } from "vitest";
import { ApiError } from "../api/client";
import { mistakesOf } from "./today/mistakes";

const refused = (code: string, also?: string[]): ApiError => new ApiError(422, code, {}, also && { also });
const filled = { date: "2026-11-24", time: "10:30" };
const codes = (refusal: ApiError, fields = filled): Record<string, string> =>
  Object.fromEntries(Object.entries(mistakesOf(refusal, fields).fields).map(([at, { code }]) => [at, code]));

test("each mistake stands at its field", () => {
  expect(codes(refused("citizen.name", ["email.invalid", "phone.invalid", "appointment.too_far"]))).toEqual({
    name: "citizen.name",
    email: "email.invalid",
    phone: "phone.invalid",
    date: "appointment.too_far",
  });
});

test("what the server says of the only mistake is kept", () => {
  const refusal = new ApiError(409, "appointment.overlap", { startsAt: 1 }, { startsAt: 1 });
  expect(mistakesOf(refusal, filled)).toEqual({ fields: { time: refusal } });
});

test("what is about no field stands alone", () => {
  const { fields, other } = mistakesOf(refused("email.invalid", ["language.unknown"]), filled);
  expect(Object.keys(fields)).toEqual(["email"]);
  expect(other?.code).toBe("language.unknown");
  expect(mistakesOf(new ApiError(0, "network"), filled).other?.code).toBe("network");
});

test("a day or a time that is missing is not one that is past", () => {
  expect(codes(refused("appointment.past"), { date: "", time: "" })).toEqual({
    date: "appointment.no_day",
    time: "appointment.no_time",
  });
  expect(codes(refused("citizen.name", ["appointment.past"]), { ...filled, time: "" })).toEqual({
    name: "citizen.name",
    time: "appointment.no_time",
  });
  expect(codes(refused("appointment.past"))).toEqual({ time: "appointment.past" });
});
