import { expect, test } from "vitest";
import type { Me, Role } from "../api/types";
import { talks } from "./texts";

const at = (...roles: Role[]): Pick<Me, "desks"> => ({
  desks: roles.map((role, n) => ({
    id: `d${n}`,
    name: "Jugendamt",
    department: "",
    location: "",
    departmentId: "",
    role,
    languages: [],
  })),
});

test("who receives everywhere has no talks, and is shown no keys for them", () => {
  expect(talks(at("reception", "reception"))).toBe(false);
  expect(talks(at())).toBe(false);
  expect(talks(at("reception", "advisor"))).toBe(true);
  expect(talks(at("lead"))).toBe(true);
});
