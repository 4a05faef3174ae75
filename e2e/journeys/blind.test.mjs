// The relay sees nothing, and a signalling server that swaps keys is found out.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { album } from '../lib/album.mjs';
import { DESK, PHONE, advisor, appoint } from '../lib/office.mjs';
import { received, until } from '../lib/page.mjs';
import { admit, bothSeeAndHear, enterWaitingRoom, hook, screen } from '../lib/steps.mjs';
import { decoded, encoded, framesOfVP8, kindOf, readRTP, tap } from '../lib/tap.mjs';
import { demoWorld, freePort } from '../lib/world.mjs';

const see = album('blind');

function groupBy(list, keyOf) {
  const groups = {};
  for (const entry of list) (groups[keyOf(entry)] ??= []).push(entry);
  return groups;
}

async function waitingGuest(world, { language = 'de', prepare = async () => {} } = {}) {
  const locale = { de: 'de-DE', en: 'en-GB' }[language];
  const list = await advisor(world, 'sabine', { ...DESK, locale });
  const { link } = await appoint(list, { name: 'Gerda Beispiel', language });
  const guest = await world.chromium.newPage({ ...PHONE, locale });
  await prepare(guest);
  await enterWaitingRoom(guest, link);
  return { list, guest };
}

test('E2E-01: nothing that passes the relay can be decoded, and the same decoder reads what is not encrypted', { timeout: 180_000 }, async () => {
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

describe('E2E-02: a key that was swapped on the way', () => {
  let world;
  before(async () => (world = await demoWorld()));
  after(() => world?.close());

  for (const language of ['de', 'en']) {
    test(`the guest's: the advisor is warned, in ${language}`, { timeout: 180_000 }, async () => {
      const prepare = (page) => page.context.route('**/arrive', async (route) => {
        const body = route.request().postDataJSON();
        await route.continue({ postData: JSON.stringify({ ...body, offer: swap(body.offer) }) });
      });
      const { list, guest } = await waitingGuest(world, { language, prepare });
      const talk = await admit(list);
      await talk.wait(`${hook('alarm')}[data-reason=intercepted]`);
      await see(talk, `alarm-staff-${language}`);
      await nothingFlows(guest, talk);
    });

    test(`the advisor's: the guest is warned, in ${language}`, { timeout: 180_000 }, async () => {
      const { list, guest } = await waitingGuest(world, { language });
      await list.context.route('**/signal', async (route) => {
        const body = route.request().postDataJSON();
        await route.continue({ postData: JSON.stringify(body.kind === 'answer' ? { ...body, sdp: swap(body.sdp) } : body) });
      });
      const talk = await admit(list);
      await guest.wait(screen('talk'));
      await guest.wait(`${hook('alarm')}[data-reason=intercepted]`);
      await see(guest, `alarm-guest-${language}`);
      await nothingFlows(guest, talk);
    });
  }
});

async function nothingFlows(...pages) {
  for (const page of pages) {
    const now = await page.eval(received);
    assert.equal(now.frames, 0);
    assert.equal(now.audioEnergy, 0);
    await page.closeAll();
  }
}
