// @vitest-environment happy-dom
import { afterEach, expect, test, vi } from "vitest";
import type { GuestView } from "../api/types";
import { survey } from "./survey";

const view = { seat: "s1", agency: { slug: "amt" } } as GuestView;

function server(...answers: (Response | Error)[]) {
  const fetch = vi.fn<typeof globalThis.fetch>();
  for (const one of answers)
    if (one instanceof Error) fetch.mockRejectedValueOnce(one);
    else fetch.mockResolvedValueOnce(one);
  vi.stubGlobal("fetch", fetch);
}

afterEach(() => {
  vi.unstubAllGlobals();
});

test("the questions come only where they are asked, and a line where it is wanted", async () => {
  server(Response.json({ asked: false, line: true }), Response.json({ asked: true, line: true }));
  expect(await survey(view)).toBeUndefined();
  const asked = await survey(view);
  expect(asked).toMatchObject({ line: true, path: "/api/guest/amt/seats/s1/survey" });
  expect(asked?.Survey).toBeTypeOf("function");
});

test("a server that does not answer asks nothing, and that is no fault", async () => {
  server(new TypeError("gone"), new Response("{}", { status: 500 }));
  expect(await survey(view)).toBeUndefined();
  expect(await survey(view)).toBeUndefined();
});
