import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Detour } from "./detour";

const servers: RTCIceServer[] = [{ urls: ["turns:termin.example:443?transport=tcp"] }];

class Connection {
  used: RTCIceServer[][] = [];
  useServers(list: RTCIceServer[]): void {
    this.used.push(list);
  }
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test("nothing is asked for and nothing changes while the usual ways lead to the relay", async () => {
  const ask = vi.fn(() => Promise.resolve(servers));
  const missing = vi.fn();
  const detour = new Detour(ask, false);
  detour.watch(() => true, missing);
  await vi.advanceTimersByTimeAsync(60_000);
  const connection = new Connection();
  await detour.prepare(connection);
  expect(ask).not.toHaveBeenCalled();
  expect(missing).not.toHaveBeenCalled();
  expect(connection.used).toEqual([]);
  expect(detour.taken).toBe(false);
});

test("when the relay is not reached in time, the detour is taken, with fresh credentials each time", async () => {
  const ask = vi.fn(() => Promise.resolve(servers));
  const missing = vi.fn();
  const detour = new Detour(ask, false);
  detour.watch(() => false, missing);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(missing).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(missing).toHaveBeenCalledOnce();
  const connection = new Connection();
  await detour.prepare(connection);
  await detour.prepare(connection);
  expect(connection.used).toEqual([servers, servers]);
  expect(ask).toHaveBeenCalledTimes(2);
});

test("the watch goes on until the relay is reached, and ends when it is stopped", async () => {
  let reached = false;
  const missing = vi.fn();
  const detour = new Detour(() => Promise.resolve(servers), false);
  detour.watch(() => reached, missing);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(missing).toHaveBeenCalledTimes(2);
  reached = true;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(missing).toHaveBeenCalledTimes(2);
  reached = false;
  detour.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(missing).toHaveBeenCalledTimes(2);
});

test("where there is no such way, the connection stays as it is and nothing begins anew sooner than usual", async () => {
  const missing = vi.fn();
  const detour = new Detour(() => Promise.resolve([]), false);
  detour.watch(() => false, missing);
  await vi.advanceTimersByTimeAsync(2_500);
  const connection = new Connection();
  await detour.prepare(connection);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(missing).toHaveBeenCalledOnce();
  expect(connection.used).toEqual([]);
  expect(detour.taken).toBe(false);
});

test("a server that cannot be asked is asked again the next time", async () => {
  let online = false;
  const detour = new Detour(
    () => (online ? Promise.resolve(servers) : Promise.reject(new Error("no network"))),
    true,
  );
  const connection = new Connection();
  await detour.prepare(connection);
  expect(connection.used).toEqual([]);
  online = true;
  await detour.prepare(connection);
  expect(connection.used).toEqual([servers]);
});
