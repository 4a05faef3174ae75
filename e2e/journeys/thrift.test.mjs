// Somebody saves data in a talk: the pictures become smaller in both directions, or there are none, and the other side
// reads why. What is said of megabytes is measured.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { album } from '../lib/album.mjs';
import { DESK, PHONE, advisor, appoint, callIn, guestWaits } from '../lib/office.mjs';
import { look } from '../lib/looks.mjs';
import { until } from '../lib/page.mjs';
import { bothSeeAndHear, endTalk, hook, mediaGoOn, say } from '../lib/steps.mjs';
import { demoWorld, onlyOurHost, quietConsole } from '../lib/world.mjs';

const LIMIT = { timeout: 180_000 };
const MEASURED_MS = 4_000;
const see = album('thrift');
let world, guest, talk;

before(async () => {
  world = await demoWorld();
  const list = await advisor(world);
  const { link } = await appoint(list, { name: 'Gerda Beispiel' });
  guest = await guestWaits(world.chromium, link, PHONE);
  talk = await callIn(list, 'Gerda Beispiel');
  await bothSeeAndHear(guest, talk);
});
after(() => world?.close());

// What a page is sent: lines of the picture, pictures, and bytes of all that the connection carries both ways. Runs in it.
async function carried() {
  const sum = { lines: 0, frames: 0, bytes: 0, at: performance.now() };
  for (const pc of globalThis.keptConnections ?? []) {
    if (pc.connectionState !== 'connected') continue;
    for (const s of (await pc.getStats()).values()) {
      if (s.type === 'inbound-rtp' && s.kind === 'video') {
        sum.frames += s.framesDecoded ?? 0;
        sum.lines = Math.max(sum.lines, s.frameHeight ?? 0);
      }
      if (s.type === 'transport') sum.bytes += s.bytesSent + s.bytesReceived + 28 * (s.packetsSent + s.packetsReceived);
    }
  }
  return sum;
}

async function inTenMinutes(page) {
  const before = await page.eval(carried);
  await new Promise((resolve) => setTimeout(resolve, MEASURED_MS));
  const now = await page.eval(carried);
  return ((now.bytes - before.bytes) / (now.at - before.at)) * 600_000 / 1e6;
}

async function save(page, level) {
  await page.click(hook('more'));
  await page.click(hook('thrift-open'));
  await page.click(hook(`thrift-${level}`));
  await page.wait(`${hook(`thrift-${level}`)}[aria-pressed=true]`);
}

const lines = async (page) => (await page.eval(carried)).lines;
// A slow machine sends fewer by itself.
const areSmall = (page) => until('pictures are small', async () => (await lines(page)) <= 240);

test('who saves data gets and sends small pictures, reads what that takes, and the other side reads why', LIMIT, async () => {
  await until('pictures are whole', async () => (await lines(guest)) > 240);
  await save(guest, 'small');
  for (const page of [guest, talk]) await areSmall(page);
  await until('it is said how much was used', () => guest.has(hook('thrift-spent')));
  await until('the other side reads why', async () => (await talk.text(hook('thrift-theirs'))).includes('Gerda Beispiel spart Daten'));
  for (const [size, colorScheme] of [[PHONE, 'light'], [DESK, 'dark'], [{ width: 320 }, 'light']]) {
    await look(guest, { ...size, colorScheme });
    await see(guest, `01-small-guest-${size.width}`);
  }
  await look(talk, PHONE);
  await see(talk, '01-small-staff-390');
  await look(talk, DESK);
  await see(talk, '01-small-staff-1280');
  await look(guest, PHONE);
  await guest.press('Escape');
  const megabytes = await inTenMinutes(guest);
  assert.ok(megabytes < 40, `${megabytes} MB in ten minutes, 40 were said`);
  await mediaGoOn(guest, 'the guest');
});

test('AVA-02: it stays so when either page is loaded anew', LIMIT, async () => {
  for (const page of [guest, talk]) {
    await page.reload();
    await bothSeeAndHear(guest, talk);
    for (const side of [guest, talk]) await areSmall(side);
    await talk.wait(hook('thrift-theirs'));
  }
});

test('sound only: both cameras are off, both hear and write, and it takes next to nothing', LIMIT, async () => {
  await save(guest, 'none');
  await until('the advisor reads it', async () => (await talk.text(hook('thrift-theirs'))).includes('möchte nur den Ton'));
  await see(guest, '02-none-guest');
  await guest.press('Escape');
  for (const page of [guest, talk]) await page.wait(`${hook('camera')}[aria-label="Kamera einschalten"]`);
  await say(guest, talk, 'Ich höre Sie gut.');
  const megabytes = await inTenMinutes(talk);
  assert.ok(megabytes < 12, `${megabytes} MB in ten minutes, 12 were said`);
});

test('large pictures again, once nobody saves any more', LIMIT, async () => {
  await save(guest, 'full');
  await guest.press('Escape');
  for (const page of [guest, talk]) await page.click(hook('camera'));
  for (const page of [guest, talk]) await until('pictures are whole', async () => (await lines(page)) > 240);
  assert.equal(await talk.has(hook('thrift-theirs')), false);
  await endTalk(talk);
  onlyOurHost(world.chromium, world.server);
  quietConsole(world.chromium, [/401 .*\/api\/staff\/session/]);
});
