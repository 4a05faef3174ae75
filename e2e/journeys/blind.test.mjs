// The relay sees nothing, and a signalling server that swaps keys is found out.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { album } from '../lib/album.mjs';
import { received, until } from '../lib/page.mjs';
import { ADVISORS, admit, book, bothSeeAndHear, enterWaitingRoom, hook, invitation, screen, signIn } from '../lib/steps.mjs';
import { decoded, encoded, framesOfVP8, kindOf, readRTP, tap } from '../lib/tap.mjs';
import { demoWorld, freePort } from '../lib/world.mjs';

function groupBy(list, keyOf) {
  const groups = {};
  for (const entry of list) (groups[keyOf(entry)] ??= []).push(entry);
  return groups;
}

async function waitingGuest({ server, chromium }, prepare = async () => {}) {
  const list = await chromium.newPage();
  await signIn(list, server, ADVISORS.sabine);
  await book(list, { name: 'Gerda Beispiel', email: 'gerda@example.org' });
  const { link } = await invitation(server, 'gerda@example.org');
  const guest = await chromium.newPage({ width: 390, height: 844 });
  await prepare(guest);
  await enterWaitingRoom(guest, link);
  return { list, guest };
}

test('E2E-01: nothing that passes the relay can be decoded, and the same decoder reads what is not encrypted', { timeout: 120_000 }, async () => {
  const media = freePort();
  const world = await demoWorld({
    env: { VISAVIS_RELAY_UDP: `127.0.0.2:${media}`, VISAVIS_RELAY_TCP: `127.0.0.2:${media}`, VISAVIS_RELAY_ADVERTISE: '127.0.0.1' },
  });
  const tapped = await tap({ listen: { address: '127.0.0.1', port: media }, relay: { address: '127.0.0.2', port: media } });
  try {
    const { list, guest } = await waitingGuest(world);
    const talk = await admit(list);
    await bothSeeAndHear(guest, talk);
    await until('enough has passed', async () => tapped.packets.length > 3000 && (await talk.eval(received)).frames > 60);
    const packets = [...tapped.packets];
    const count = groupBy(packets, kindOf);
    assert.ok(count.rtp.length > 1000 && count.dtls.length >= 8 && count.stun.length >= 4, 'media, handshake and checks pass here');
    assert.equal(count.other, undefined, 'and nothing else');

    const streams = Object.values(groupBy(count.rtp.map(readRTP), (p) => p.source));
    const video = streams.filter((s) => s.some((p) => p.payload.length > 700) && new Set(s.map((p) => p.timestamp)).size > 20); // repeats of what was lost aside
    const audio = streams.filter((s) => s.length > 100 && s.every((p) => p.payload.length < 300));
    assert.ok(video.length >= 2 && audio.length >= 2, 'two pictures and two sounds');
    const base64 = (frames) => frames.map((f) => f.toString('base64'));
    for (const stream of video) {
      const frames = base64(framesOfVP8(stream));
      assert.equal(await talk.eval(decoded, frames), 0, 'no picture comes out');
    }
    // In the clear the first byte of each Opus packet names the same mode (RFC 6716 §3.1); encrypted it is any byte.
    for (const stream of audio) assert.ok(new Set(stream.map((p) => p.payload[0])).size > 50, 'no mode of Opus is readable');

    // The counter-test: the same steps on pictures that nobody encrypted.
    const clear = (await talk.eval(encoded, 12)).map((frame, i) => ({
      sequence: i, timestamp: i * 3000, payload: Buffer.concat([Buffer.of(0x10), Buffer.from(frame, 'base64')]),
    }));
    assert.equal(await talk.eval(decoded, base64(framesOfVP8(clear))), 12, 'the decoder can read');
    console.log(`# through the relay: ${packets.length} packets, ${count.rtp.length} of media, ${count.dtls.length} of handshakes; none decoded`);
  } finally {
    tapped.close();
    await world.close();
  }
});

const swap = (sdp) => sdp.replace(/(a=fingerprint:sha-256 )(..)/g, (_, before, byte) => `${before}${byte === '00' ? '01' : '00'}`);

test('E2E-02: the advisor is warned when the guest\'s key was swapped on the way', { timeout: 60_000 }, async () => {
  const world = await demoWorld();
  try {
    const { list, guest } = await waitingGuest(world, (page) => page.context.route('**/arrive', async (route) => {
      const body = route.request().postDataJSON();
      await route.continue({ postData: JSON.stringify({ ...body, offer: swap(body.offer) }) });
    }));
    const talk = await admit(list);
    await talk.wait(`${hook('alarm')}[data-reason=intercepted]`);
    await album('blind')(talk, 'alarm-staff');
    await nothingFlows(guest, talk);
  } finally {
    await world.close();
  }
});

test('E2E-02: the guest is warned when the advisor\'s key was swapped on the way', { timeout: 60_000 }, async () => {
  const world = await demoWorld();
  try {
    const { list, guest } = await waitingGuest(world);
    await list.context.route('**/signal', async (route) => {
      const body = route.request().postDataJSON();
      await route.continue({ postData: JSON.stringify(body.kind === 'answer' ? { ...body, sdp: swap(body.sdp) } : body) });
    });
    const talk = await admit(list);
    await guest.wait(screen('talk'));
    await guest.wait(`${hook('alarm')}[data-reason=intercepted]`);
    await album('blind')(guest, 'alarm-guest');
    await nothingFlows(guest, talk);
  } finally {
    await world.close();
  }
});

async function nothingFlows(...pages) {
  for (const page of pages) {
    const now = await page.eval(received);
    assert.equal(now.frames, 0);
    assert.equal(now.audioEnergy, 0);
  }
}
