// @vitest-environment happy-dom
import { beforeEach, expect, test, vi } from "vitest";
import { WayBack } from "./back";

const inside = (): boolean => (history.state as { inside?: boolean } | null)?.inside === true;

/** The browser takes a step back some time after it is told to, or when the person presses the button. */
function stepBack(): void {
  history.replaceState(null, "");
  globalThis.dispatchEvent(new PopStateEvent("popstate"));
}

const back = vi.spyOn(history, "back").mockImplementation(() => undefined);

beforeEach(() => {
  history.replaceState(null, "");
  back.mockClear();
});

test("the person's own step back is asked about", () => {
  const pressed = vi.fn();
  new WayBack(pressed).went(true);
  expect(inside()).toBe(true);
  stepBack();
  expect(pressed).toHaveBeenCalledOnce();
});

test("leaving for the first screen takes the step by itself, and asks nothing", () => {
  const pressed = vi.fn();
  const way = new WayBack(pressed);
  way.went(true);
  way.went(false);
  expect(back).toHaveBeenCalledOnce();
  stepBack();
  expect(pressed).not.toHaveBeenCalled();
  expect(inside()).toBe(false);
});

test("who is inside again before that step is taken has not pressed anything, and can step back once more", () => {
  const pressed = vi.fn();
  const way = new WayBack(pressed);
  way.went(true);
  way.went(false);
  way.went(true);
  stepBack();
  expect(pressed).not.toHaveBeenCalled();
  expect(inside()).toBe(true);
  stepBack();
  expect(pressed).toHaveBeenCalledOnce();
});
