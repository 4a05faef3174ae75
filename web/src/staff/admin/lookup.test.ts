import { beforeEach, expect, test, vi } from "vitest";
import type { Part } from "../../api/admin";
import { ApiError } from "../../api/client";
import { Lookup } from "./lookup";

let asked: {
  text: string;
  after: string | undefined;
  answer: (part: Part<string>) => void;
  fail: (e: Error) => void;
}[];
let told: string[];
let list: Lookup<string>;

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  told = [];
  list = new Lookup<string>({
    ask: (text, after) =>
      new Promise((answer, fail) => {
        asked.push({ text, after, answer, fail });
      }),
    answered: (count, more) => told.push(`${count}${more ? "+" : ""}`),
  });
  void list.again();
});

const said = async (at: number, items: string[], next?: string): Promise<void> => {
  asked[at]?.answer({ items, ...(next === undefined ? {} : { next }) });
  await vi.advanceTimersByTimeAsync(0);
};

test("whoever types is asked for once, after a moment", async () => {
  await said(0, ["a"]);
  for (const text of ["l", "li", "lin", "lin "]) list.type(text);
  await vi.advanceTimersByTimeAsync(199);
  expect(asked).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(asked.map(({ text }) => text)).toEqual(["", "lin"]);
  expect(list.state).toMatchObject({ items: ["a"], phase: "asking", text: "lin " });
  await said(1, ["lindenau"]);
  expect(list.state).toEqual({ items: ["lindenau"], phase: "still", text: "lin " });
  expect(told).toEqual(["1", "1"]);
});

test("an answer to an older question comes too late", async () => {
  list.type("l");
  await vi.advanceTimersByTimeAsync(200);
  await said(1, ["new"]);
  await said(0, ["old"]);
  expect(list.state.items).toEqual(["new"]);
});

test("further parts follow what is there, and nobody asks for one twice", async () => {
  await said(0, ["a", "b"], "b");
  const first = list.more();
  expect(await list.more()).toBeUndefined();
  await said(1, ["c"]);
  expect(await first).toBe(2);
  expect(asked[1]).toMatchObject({ after: "b" });
  expect(list.state).toEqual({ items: ["a", "b", "c"], phase: "still", text: "" });
  expect(await list.more()).toBeUndefined();
  expect(told).toEqual(["2+"]);
});

test("a refusal leaves what was there, and trying again takes it away", async () => {
  await said(0, ["a"], "a");
  void list.more();
  asked[1]?.fail(new ApiError(0, "network"));
  await vi.advanceTimersByTimeAsync(0);
  expect(list.state).toMatchObject({ items: ["a"], phase: "still", next: "a", refusal: { code: "network" } });
  void list.again();
  expect(list.state.refusal).toBeUndefined();
  await said(2, ["b"]);
  expect(list.state.items).toEqual(["b"]);
});

test("a list that is gone asks no more and hears nothing", async () => {
  list.type("x");
  list.close();
  await said(0, ["a"]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(asked).toHaveLength(1);
  expect(list.state.phase).toBe("first");
});
