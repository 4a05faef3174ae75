import { beforeEach, expect, test, vi } from "vitest";
import { type Library, Viewing } from "./viewing";
import { type Answer, type Ask, largestShown, type Shown } from "./words";

/** Stands where the frame stands. */
const frame = vi.hoisted(() => ({
  asked: [] as Ask[],
  closed: false,
  heard: (_: Answer): void => undefined,
  lost: (): void => undefined,
}));
vi.mock("./sandbox", () => ({
  Sandbox: class {
    constructor(_code: string, heard: (answer: Answer) => void, lost: () => void) {
      Object.assign(frame, { asked: [], closed: false, heard, lost });
    }
    ask(ask: Ask): void {
      frame.asked.push(ask);
    }
    close(): void {
      frame.closed = true;
    }
  },
}));

const library: Library = {
  code: () => Promise.resolve("code"),
  part: () => Promise.resolve(new ArrayBuffer(3)),
};
const letter = new Blob(["%PDF-"], { type: "application/pdf" });
const page = (number: number): Answer => ({
  do: "shown",
  shown: {
    number,
    width: 1,
    height: 1,
    pixels: new Uint8ClampedArray(4),
    lines: [],
    lacking: false,
  } satisfies Shown,
});

beforeEach(() => {
  frame.asked = [];
});

async function opened(pages: number): Promise<Viewing> {
  const viewing = new Viewing(letter, library);
  await vi.waitFor(() => expect(frame.asked).toHaveLength(1));
  frame.heard({ do: "opened", pages });
  return viewing;
}

test("a file is opened, and its first page is shown", async () => {
  const viewing = await opened(3);
  expect(frame.asked.at(-1)).toEqual({ do: "page", number: 1 });
  frame.heard(page(1));
  expect(viewing.view.value).toMatchObject({ pages: 3, number: 1, shown: { number: 1 } });
});

test("whoever turns quickly is not shown what they have passed, and nobody gets past the ends", async () => {
  const viewing = await opened(3);
  expect([viewing.turn(2), viewing.turn(3), viewing.turn(4), viewing.turn(0)]).toEqual([
    true,
    true,
    false,
    false,
  ]);
  frame.heard(page(2));
  expect(viewing.view.value.shown).toBeUndefined();
  frame.heard(page(3));
  expect(viewing.view.value.shown?.number).toBe(3);
  expect((await opened(501)).turn(501)).toBe(false);
});

test("a page that fails says nothing of the next one", async () => {
  const viewing = await opened(2);
  frame.heard({ do: "failed", why: "damaged" });
  expect(viewing.view.value.failed).toBe("damaged");
  viewing.turn(2);
  frame.heard(page(2));
  expect(viewing.view.value).toMatchObject({ number: 2, shown: { number: 2 } });
  expect(viewing.view.value.failed).toBeUndefined();
});

test("what a document needs besides is fetched for it, and told where it does not come", async () => {
  await opened(1);
  frame.heard({ do: "need", part: "jbig2.wasm" });
  await vi.waitFor(() => expect(frame.asked.at(-1)).toMatchObject({ do: "part", part: "jbig2.wasm" }));
  const viewing = new Viewing(letter, { ...library, part: () => Promise.reject(new Error("no network")) });
  await vi.waitFor(() => expect(frame.asked).toHaveLength(1));
  frame.heard({ do: "need", part: "jbig2.wasm" });
  await vi.waitFor(() => expect(frame.asked.at(-1)).toEqual({ do: "part", part: "jbig2.wasm" }));
  viewing.close();
  expect(frame.closed).toBe(true);
});

test("what has been given up is said, and asked for nothing more", async () => {
  const viewing = await opened(3);
  frame.lost();
  expect(viewing.view.value).toMatchObject({ failed: "lost", pages: 0 });
  expect(viewing.turn(2)).toBe(false);
});

test("what is too large is not even loaded for, and without a network that is said", async () => {
  const large = { size: largestShown + 1, type: "application/pdf" } as Blob;
  expect(new Viewing(large, library).view.value.failed).toBe("large");
  const cut = new Viewing(letter, { ...library, code: () => Promise.reject(new Error("no network")) });
  await vi.waitFor(() => expect(cut.view.value.failed).toBe("offline"));
  expect(frame.asked).toEqual([]);
});
