// Files from page to page: offered, wanted, sent, halted and gone on with, looked into, shown and saved; whatever happens
// to the pages meanwhile, and without a byte of them at the server.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { deflateSync } from 'node:zlib';
import { album } from '../lib/album.mjs';
import { DESK, PHONE, advisor, appoint, callIn, focused, gone, guestWaits, says } from '../lib/office.mjs';
import { look } from '../lib/looks.mjs';
import { until } from '../lib/page.mjs';
import { bothSeeAndHear, endTalk, hook, say, screen } from '../lib/steps.mjs';
import { demoWorld, onlyOurHost, quietConsole } from '../lib/world.mjs';

const LIMIT = { timeout: 120_000 };
const see = album('files');
const folder = mkdtempSync(join(tmpdir(), 'visavis-files-'));
const hash = (bytes) => createHash('sha256').update(bytes).digest('hex');
let world, list, guest, talk;

before(async () => {
  world = await demoWorld();
  list = await advisor(world);
  const { link } = await appoint(list, { name: 'Gerda Beispiel' });
  guest = await guestWaits(world.chromium, link, PHONE);
  talk = await callIn(list, 'Gerda Beispiel');
  await bothSeeAndHear(guest, talk);
});
after(async () => {
  await world?.close();
  rmSync(folder, { recursive: true });
});

function put(name, bytes) {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const pdf = (size) => Buffer.concat([Buffer.from('%PDF-1.7\n'), randomBytes(size - 9)]);

// A picture of one colour, as an encoder would write it (PNG, W3C 2023 §5).
function png(width, height) {
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const whole = Buffer.alloc(body.length + 8);
    whole.writeUInt32BE(data.length, 0);
    body.copy(whole, 4);
    whole.writeUInt32BE(crc(body), body.length + 4);
    return whole;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2], 8);
  const rows = Buffer.concat(Array.from({ length: height }, () => Buffer.concat([Buffer.from([0]), Buffer.alloc(width * 3, 0x2e)])));
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', head), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}

function crc(bytes) {
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let n = 0; n < 8; n++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}

const line = (name) => `${hook('file')}:has-text("${name}")`;
const choose = (page, ...paths) => page.page.locator(`${hook('files')} input[type=file]`).setInputFiles(paths);
const press = (page, name, step) => page.click(`${line(name)} ${hook(`file-${step}`)}`);
const becomes = (page, name, state, deadline) => until(`${name} is ${state}`, async () => {
  const now = await page.page.locator(line(name)).getAttribute('data-state', { timeout: 1_000 });
  if (now === state) return true;
  throw new Error(now);
}, { deadline });
const progress = (page, name) => page.page.locator(`${line(name)} progress`).evaluate(({ value, max }) => value / max);

async function saved(page, name) {
  const [download] = await Promise.all([page.page.waitForEvent('download'), page.page.locator(`${line(name)} ${hook('file-save')}`).click()]);
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
}

test('a guest offers a file, the advisor wants it, and gets it byte by byte', LIMIT, async () => {
  await guest.click(hook('more'));
  await guest.click(hook('files-open'));
  await focused(guest, hook('files'));
  await see(guest, '01-empty');
  const file = pdf(300_000);
  await choose(guest, put('Bescheid.pdf', file));
  await says(talk, line('Bescheid.pdf'), /Gerda Beispiel möchte Ihnen diese Datei senden/);
  await says(guest, line('Bescheid.pdf'), /Gesendet wird, sobald Sabine Krüger die Datei annimmt/);
  for (const [page, name] of [[guest, 'guest'], [talk, 'staff']]) {
    for (const size of [PHONE, DESK]) {
      await look(page, { ...size, colorScheme: 'light' });
      await see(page, `02-offered-${name}-${size.width}`);
    }
  }
  await press(talk, 'Bescheid.pdf', 'accept');
  await becomes(talk, 'Bescheid.pdf', 'here');
  await becomes(guest, 'Bescheid.pdf', 'arrived');
  const got = await saved(talk, 'Bescheid.pdf');
  assert.equal(got.name, 'Bescheid.pdf');
  assert.equal(hash(got.bytes), hash(file));
});

test('a picture is looked at in the page', LIMIT, async () => {
  await choose(talk, put('Plan.png', png(640, 400)));
  await press(guest, 'Plan.png', 'accept');
  await becomes(guest, 'Plan.png', 'here');
  await press(guest, 'Plan.png', 'look');
  await until('the picture is there', () => guest.eval(() => document.querySelector('dialog[open] img')?.naturalWidth === 640));
  await see(guest, '03-picture');
  await guest.press('Escape');
  await gone(guest, 'dialog[open]');
  assert.ok(await guest.has(hook('files')), 'only the picture is closed');
});

test('halted by either side it goes on, until somebody has enough of it', LIMIT, async () => {
  await choose(talk, put('Akte.pdf', pdf(20_000_000)));
  await press(guest, 'Akte.pdf', 'accept');
  await until('a part is there', async () => (await progress(guest, 'Akte.pdf')) > 0);
  await press(guest, 'Akte.pdf', 'pause');
  await becomes(talk, 'Akte.pdf', 'paused');
  await see(guest, '04-paused');
  const before = await progress(guest, 'Akte.pdf');
  await press(guest, 'Akte.pdf', 'resume');
  await until('it goes on', async () => (await progress(guest, 'Akte.pdf')) > before);
  await press(talk, 'Akte.pdf', 'pause');
  await becomes(guest, 'Akte.pdf', 'held');
  await press(talk, 'Akte.pdf', 'resume');
  await becomes(guest, 'Akte.pdf', 'receiving');
  await see(talk, '05-sending');
  await press(guest, 'Akte.pdf', 'cancel');
  await becomes(talk, 'Akte.pdf', 'declined');
});

// At least four seconds long, and more than a minute where the machine is so slow that the connection counts as weak.
test('AVA-02: after a pause it comes whole', { timeout: 180_000 }, async () => {
  const file = pdf(2_000_000);
  await choose(talk, put('Vertrag.pdf', file));
  await press(guest, 'Vertrag.pdf', 'accept');
  await until('a part is there', async () => (await progress(guest, 'Vertrag.pdf')) > 0);
  await press(guest, 'Vertrag.pdf', 'pause');
  await becomes(talk, 'Vertrag.pdf', 'paused');
  await press(guest, 'Vertrag.pdf', 'resume');
  await becomes(guest, 'Vertrag.pdf', 'here', 120_000);
  const got = await saved(guest, 'Vertrag.pdf');
  assert.equal(hash(got.bytes), hash(file));
});

test('INP-05: a program is refused by who would send it, and by who would get it', LIMIT, async () => {
  await choose(guest, put('Lebenslauf.pdf', Buffer.from('MZ\x90\0\x03', 'latin1')));
  await says(guest, hook('files'), /„Lebenslauf.pdf“ kann nicht gesendet werden. Es gehen PDF/);
  await see(guest, '06-refused');
  assert.equal(await talk.has(line('Lebenslauf.pdf')), false);
});

test('who loads the page anew has nothing more on offer, and is offered again what it lacks', LIMIT, async () => {
  await choose(guest, put('Zeugnis.pdf', pdf(1_000)));
  await says(talk, line('Zeugnis.pdf'), /möchte Ihnen diese Datei senden/);
  await choose(talk, put('Antrag.pdf', pdf(1_000)));
  await says(guest, line('Antrag.pdf'), /möchte Ihnen diese Datei senden/);
  await guest.reload();
  await bothSeeAndHear(guest, talk);
  await becomes(talk, 'Zeugnis.pdf', 'gone');
  await press(guest, 'Antrag.pdf', 'accept');
  await becomes(guest, 'Antrag.pdf', 'here');
  await press(guest, 'Plan.png', 'accept');
  await becomes(guest, 'Plan.png', 'here');
});

test('an address in the chat leads nowhere before it was asked where to', LIMIT, async () => {
  await say(talk, guest, 'Das Formular: https://example.org/formular.');
  await guest.click(hook('chat'));
  await guest.wait(hook('address'));
  assert.equal(await guest.has('[role=log] a'), false);
  await guest.click(hook('address'));
  await says(guest, 'dialog[open]', /außerhalb dieses Gesprächs:[^]*example\.org[^]*https:\/\/example\.org\/formular\n/);
  const link = await guest.eval((selector) => ['href', 'target', 'rel'].map((name) => document.querySelector(selector).getAttribute(name)), hook('address-open'));
  assert.deepEqual(link, ['https://example.org/formular', '_blank', 'noopener noreferrer']);
  await see(guest, '07-address');
  await guest.press('Escape');
  await focused(guest, hook('address'));
  await guest.click(hook('chat'));
});

test('it is closed by keyboard, and with the talk everything is gone', LIMIT, async () => {
  const { href } = await guest.eval((selector) => ({ href: document.querySelector(selector).href }), hook('file-save'));
  await guest.page.locator(hook('file-choose')).focus();
  await guest.press('Escape');
  await gone(guest, hook('files'));
  await choose(talk, put('Nachtrag.pdf', pdf(1_000)));
  await guest.wait(line('Nachtrag.pdf'));
  await endTalk(talk);
  await guest.wait(screen('goodbye'));
  assert.equal(await guest.eval((url) => fetch(url).then(() => 'there', () => 'gone'), href), 'gone');
  onlyOurHost(world.chromium, world.server);
  quietConsole(world.chromium, [/401 .*\/api\/staff\/session/, /blob:/]);
});
