import { expect, test } from "vitest";
import { linkIn } from "./passwordLink";

test("a link names the agency and its secret, and anything else is no link", () => {
  expect(linkIn("#lindenau.abc-DEF_123")).toEqual({ agency: "lindenau", secret: "abc-DEF_123" });
  for (const hash of ["", "#", "#lindenau", "#lindenau.", "#.abc", "#a.b.c", "#a.<b>"])
    expect(linkIn(hash)).toEqual({ agency: "", secret: "" });
});
