import { describe, expect, test } from "vitest";
import { play } from "./play";

/** An element that begins or not, and whose promise may wait for data. */
function element(begins: boolean, promise: Promise<void>): HTMLMediaElement {
  const fake = {
    paused: true,
    play() {
      fake.paused = !begins;
      return promise;
    },
  };
  return fake as unknown as HTMLMediaElement;
}

describe("playing", () => {
  test("what the browser allows is not blocked, even if nothing ever comes", () => {
    const told: boolean[] = [];
    const never = new Promise<void>(() => undefined);
    void play(element(true, never), (blocked) => told.push(blocked));
    expect(told).toEqual([false]);
  });

  test("what it refuses waits for a touch", async () => {
    const told: boolean[] = [];
    const refused = Promise.reject(new DOMException("", "NotAllowedError"));
    await play(element(false, refused), (blocked) => told.push(blocked));
    expect(told).toEqual([true]);
  });

  test("a stream that was replaced meanwhile tells nothing", async () => {
    const told: boolean[] = [];
    const replaced = Promise.reject(new DOMException("", "AbortError"));
    await play(element(false, replaced), (blocked) => told.push(blocked));
    expect(told).toEqual([]);
  });
});
