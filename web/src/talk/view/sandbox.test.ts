// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Sandbox } from "./sandbox";
import type { Answer } from "./words";

const patience = 50;
const opened: Answer = { do: "opened", pages: 3 };
const failed: Answer = { do: "failed", why: "damaged" };
const heard: Answer[] = [];
let lost = 0;
/** What runs in the sandbox speaks by this. */
let inside: MessagePort;
let sandbox: Sandbox;

/** The frame stands in the page, and nothing runs in it but this test. */
beforeEach(() => {
  heard.length = 0;
  lost = 0;
  sandbox = new Sandbox(
    "code",
    (answer) => {
      heard.push(answer);
    },
    () => {
      lost++;
    },
    patience,
  );
  const frame = document.querySelector("iframe");
  if (!frame) throw new Error("no frame");
  const handed = vi.fn<(code: string, to: string, ports: MessagePort[]) => void>();
  Object.defineProperty(frame, "contentWindow", { value: { postMessage: handed } });
  frame.dispatchEvent(new Event("load"));
  const [way] = handed.mock.calls[0]?.[2] ?? [];
  if (!way) throw new Error("no way back");
  inside = way;
});

afterEach(() => {
  sandbox.close();
  document.body.replaceChildren();
});

test("what is asked is answered, once for each question", async () => {
  sandbox.ask({ do: "open", bytes: new ArrayBuffer(1), type: "application/pdf" });
  inside.postMessage(opened);
  await vi.waitFor(() => expect(heard).toEqual([opened]));
  expect(document.querySelector("iframe")).not.toBeNull();
});

test("who answers what nobody has asked is thrown away", async () => {
  sandbox.ask({ do: "open", bytes: new ArrayBuffer(1), type: "application/pdf" });
  for (let n = 0; n < 100; n++) inside.postMessage(opened);
  await vi.waitFor(() => expect(lost).toBe(1));
  expect(heard).toEqual([opened]);
  expect(document.querySelector("iframe")).toBeNull();
});

test("who asks for the same part again and again is thrown away", async () => {
  sandbox.ask({ do: "open", bytes: new ArrayBuffer(1), type: "application/pdf" });
  for (let n = 0; n < 100; n++) inside.postMessage({ do: "need", part: "jbig2.wasm" } satisfies Answer);
  await vi.waitFor(() => expect(lost).toBe(1));
  expect(heard).toHaveLength(1);
});

test("an answer to one question is none to the next: who hangs there is thrown away, too", async () => {
  sandbox.ask({ do: "page", number: 2 });
  sandbox.ask({ do: "page", number: 3 });
  inside.postMessage(failed);
  await vi.waitFor(() => expect(heard).toEqual([failed]));
  await vi.waitFor(() => expect(lost).toBe(1));
});
