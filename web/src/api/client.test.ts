import { afterEach, expect, test, vi } from "vitest";
import { api, ApiError } from "./client";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function answer(status: number, body: string): void {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(status === 204 ? null : body, { status })));
}

async function failure(): Promise<ApiError> {
  return api.post("/x", {}).then(
    () => {
      throw new Error("should have failed");
    },
    (error: unknown) => error as ApiError,
  );
}

test("an answer is its JSON, none is undefined", async () => {
  answer(200, '{"seat":"a"}');
  expect(await api.get("/x")).toEqual({ seat: "a" });
  answer(204, "");
  expect(await api.post("/x")).toBeUndefined();
});

test("a problem carries its code and plain parameters", async () => {
  answer(409, '{"code":"seat.too_early","params":{"opensAt":5,"evil":{}}}');
  expect(await failure()).toMatchObject({
    status: 409,
    code: "seat.too_early",
    params: { opensAt: 5 },
    passing: false,
  });
  expect((await failure()).params).not.toHaveProperty("evil");
});

test("a proxy's page instead of a problem still says what kind it was", async () => {
  answer(502, "<html>");
  expect(await failure()).toMatchObject({ status: 502, code: "internal", passing: true });
});

test("no network and no answer in time are told apart", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("failed")));
  expect(await failure()).toMatchObject({ status: 0, code: "network", passing: true });
  vi.useFakeTimers();
  vi.stubGlobal(
    "fetch",
    (_: string, { signal }: RequestInit) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener("abort", () => {
          reject(new DOMException("aborted", "AbortError"));
        });
      }),
  );
  const late = failure();
  await vi.advanceTimersByTimeAsync(15_000);
  expect(await late).toMatchObject({ code: "timeout" });
});
