// @vitest-environment happy-dom
import { flushSync } from "svelte";
import { expect, test } from "vitest";
import { announce, announcer } from "./announcer.svelte";

test("an effect that announces runs once, however often the same is said", () => {
  let runs = 0;
  const stop = $effect.root(() => {
    $effect(() => {
      runs++;
      announce("Ihr Gespräch beginnt", "assertive");
    });
  });
  flushSync();
  announce("Ihr Gespräch beginnt", "assertive");
  flushSync();
  expect(runs).toBe(1);
  expect(announcer.texts.assertive).toBe("Ihr Gespräch beginnt\u00a0");
  stop();
});
