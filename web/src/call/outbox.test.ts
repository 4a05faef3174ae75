import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError } from "../api/client";
import { Outbox, type OutgoingSignal } from "./outbox";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const signal = (kind: OutgoingSignal["kind"], generation = 1): OutgoingSignal => ({ kind, generation });

/** A server that is away `failures` times. */
function server(failures: number, error: Error = new ApiError(0, "network")) {
  const sent: string[] = [];
  const send = async ({ kind }: OutgoingSignal): Promise<void> => {
    await Promise.resolve();
    if (failures-- > 0) throw error;
    sent.push(kind);
  };
  return { sent, send };
}

test("signals arrive in the order in which they were posted, however often the first is refused", async () => {
  const { sent, send } = server(3);
  const outbox = new Outbox(send, () => false);
  outbox.post(signal("answer"));
  outbox.post(signal("enter"));
  await vi.advanceTimersByTimeAsync(10_000);
  expect(sent).toEqual(["answer", "enter"]);
});

test("a signal that nobody waits for any more is given up, and the next one goes", async () => {
  const { sent, send } = server(2);
  let current = 1;
  const outbox = new Outbox(send, (generation) => generation < current);
  outbox.post(signal("answer"));
  await vi.advanceTimersByTimeAsync(100);
  current = 2;
  outbox.post(signal("enter", 2));
  await vi.advanceTimersByTimeAsync(10_000);
  expect(sent).toEqual(["enter"]);
});

test("what hangs of an old connection does not hold up the new one", async () => {
  const sent: string[] = [];
  const send = ({ kind, generation }: OutgoingSignal): Promise<void> => {
    if (generation === 1) return new Promise(() => undefined);
    sent.push(kind);
    return Promise.resolve();
  };
  const outbox = new Outbox(send, () => false);
  void outbox.attempt(signal("restart-offer"));
  outbox.post(signal("answer", 2));
  outbox.post(signal("enter", 2));
  await vi.advanceTimersByTimeAsync(0);
  expect(sent).toEqual(["answer", "enter"]);
});

test("a refusal for good is not repeated", async () => {
  const { sent, send } = server(1, new ApiError(409, "talk.ended"));
  const outbox = new Outbox(send, () => false);
  await expect(outbox.deliver(signal("restart-answer"))).rejects.toThrow();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(sent).toEqual([]);
});

test("an attempt is made once", async () => {
  const { sent, send } = server(1);
  const outbox = new Outbox(send, () => false);
  await expect(outbox.attempt(signal("restart-offer"))).rejects.toThrow();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(sent).toEqual([]);
});

/** A server on a dead line: it answers nothing until the request is given up. */
function deadLine() {
  const sent: string[] = [];
  let dead = true;
  const send = ({ kind }: OutgoingSignal, abort: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (!dead) {
        sent.push(kind);
        resolve();
      }
      abort.addEventListener("abort", () => {
        reject(new ApiError(0, "network"));
      });
    });
  return {
    sent,
    send,
    repair: () => {
      dead = false;
    },
  };
}

test("an attempt that hangs gives way to an answer that somebody waits for", async () => {
  const line = deadLine();
  const outbox = new Outbox(line.send, () => false);
  const attempt = outbox.attempt(signal("restart-offer"));
  attempt.catch(() => undefined);
  await vi.advanceTimersByTimeAsync(100);
  line.repair();
  outbox.post(signal("restart-answer"));
  await vi.advanceTimersByTimeAsync(0);
  expect(line.sent).toEqual(["restart-answer"]);
  await expect(attempt).rejects.toThrow();
});

test("with another network what hangs in the old one is sent again, and what waits behind it follows", async () => {
  const line = deadLine();
  const outbox = new Outbox(line.send, () => false);
  outbox.post(signal("answer"));
  outbox.post(signal("enter"));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(line.sent).toEqual([]);
  line.repair();
  outbox.hurry();
  await vi.advanceTimersByTimeAsync(250);
  expect(line.sent).toEqual(["answer", "enter"]);
});
