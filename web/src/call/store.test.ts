import { describe, expect, test } from "vitest";
import { Store } from "./store";

function listened(store: Store<number>): number[] {
  const heard: number[] = [];
  store.subscribe((value) => heard.push(value));
  return heard;
}

/** A promise, and what settles it. */
function pending(): { promise: Promise<void>; settle: () => void } {
  let settle = (): void => undefined;
  const promise = new Promise<void>((resolve) => (settle = resolve));
  return { promise, settle };
}

/** Whatever follows from what has settled has happened. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

describe("a store that is kept still", () => {
  test("has the new value at once, and tells of the last one when it is over", async () => {
    const store = new Store(0);
    const heard = listened(store);
    const { promise, settle } = pending();
    store.keepStill(5_000, promise);
    store.set(1);
    store.set(2);
    expect(store.value).toBe(2);
    expect(heard).toEqual([0]);
    settle();
    await settled();
    expect(heard).toEqual([0, 2]);
  });

  test("is kept so no longer than was said", async () => {
    const store = new Store(0);
    const heard = listened(store);
    store.keepStill(1, pending().promise);
    store.set(1);
    expect(heard).toEqual([0]);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(heard).toEqual([0, 1]);
  });

  test("tells nobody of nothing", async () => {
    const store = new Store(0);
    const heard = listened(store);
    store.keepStill(5_000, Promise.resolve());
    await settled();
    expect(heard).toEqual([0]);
  });

  test("goes on after a failure, and only once nobody keeps it still any more", async () => {
    const store = new Store(0);
    const heard = listened(store);
    const longer = pending();
    store.keepStill(5_000, Promise.reject(new Error("no answer")));
    store.set(1);
    store.keepStill(5_000, longer.promise);
    await settled();
    expect(heard).toEqual([0]);
    longer.settle();
    await settled();
    expect(heard).toEqual([0, 1]);
  });
});

test("where a listener sets a newer value, all are left with that", () => {
  const store = new Store(1);
  const heard: number[] = [];
  store.subscribe((value) => {
    if (value === 2) store.set(3);
  });
  store.subscribe((value) => heard.push(value));
  store.set(2);
  expect(heard.at(-1)).toBe(3);
});
