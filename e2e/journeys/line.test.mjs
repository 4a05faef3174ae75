// The bad way that other tests and the bench of bad networks rely on is as bad as it says, and no worse.

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { test } from 'node:test';
import { Line } from '../lib/line.mjs';
import { until } from '../lib/page.mjs';
import { tap } from '../lib/tap.mjs';
import { freePort } from '../lib/world.mjs';

// A second of datagrams of one size, one every `every` ms, by a clock of our own; when each is there.
function second(line, clock, { bytes, every }) {
  const there = [];
  for (clock.now = 0; clock.now < 1_000; clock.now += every) there.push(line.take(bytes));
  return there;
}

test('no more passes than the rate, the queue holds no more than it should, and what is too much is dropped at once', () => {
  const clock = { now: 0 };
  const line = new Line({ kbit: 64, now: () => clock.now });
  const there = second(line, clock, { bytes: 972, every: 10 }); // 800 kbit/s
  const passed = there.filter((at) => at !== undefined);
  const bits = passed.filter((at) => at <= 1_000).length * 8_000;
  assert.ok(bits > 56_000 && bits <= 64_000, `${bits} bits in a second`);
  assert.ok(Math.max(...passed) <= 1_000 + (4_500 * 8) / 64, 'nothing waits for longer than the queue is');
  assert.equal(line.dropped + passed.length, there.length);
});

test('as many are lost as was asked for, the same ones by the same seed, and others by another', () => {
  const run = (seed) => {
    const clock = { now: 0 };
    return second(new Line({ loss: 0.2, seed, now: () => clock.now }), clock, { bytes: 100, every: 0.2 }).map((at) => at === undefined);
  };
  const lost = run(7);
  const share = lost.filter(Boolean).length / lost.length;
  assert.ok(Math.abs(share - 0.2) < 0.02, `${share} lost`);
  assert.deepEqual(run(7), lost);
  assert.notDeepEqual(run(8), lost);
});

test('each takes the delay at least, and none overtakes another one', () => {
  const clock = { now: 0 };
  const there = second(new Line({ delay: 300, jitter: 100, now: () => clock.now }), clock, { bytes: 100, every: 5 });
  there.forEach((at, i) => assert.ok(at >= i * 5 + 300 && at <= 1_400 && at >= (there[i - 1] ?? 0)));
});

test('a tap in front of a real socket is such a way in both directions, and only for those it is meant for', { timeout: 60_000 }, async () => {
  const [media, behind] = [freePort(), freePort()];
  const relay = createSocket('udp4');
  relay.on('message', (data, from) => relay.send(data, from.port, from.address)); // an echo
  await new Promise((resolve) => relay.bind(behind, '127.0.0.2', resolve));
  const line = await tap({ listen: { address: '127.0.0.1', port: media }, relay: { address: '127.0.0.2', port: behind } });
  const browser = createSocket('udp4');
  try {
    const took = [];
    browser.on('message', (data) => took.push(performance.now() - Number(data)));
    const ask = () => browser.send(String(performance.now()), media, '127.0.0.1');
    line.shape({ delay: 100 }, (address) => address === '127.0.0.1');
    ask();
    await until('the slow answer', () => took.length === 1);
    assert.ok(took[0] >= 195, `${took[0]} ms there and back`);
    const { up } = line.shape({ delay: 100, loss: 1 }, () => false);
    ask();
    await until('the answer to somebody else', () => took.length === 2);
    assert.equal(up.lost, 0);
  } finally {
    browser.close();
    relay.close();
    line.close();
  }
});
