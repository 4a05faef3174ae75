// Files from page to page: offered, wanted, sent, halted and gone on with, looked into, shown and saved; whatever happens
// to the pages meanwhile, and without a byte of them at the server.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { deflateSync } from 'node:zlib';
import { album } from '../lib/album.mjs';
import { DESK, PHONE, advisor, appoint, callIn, focused, gone, guestWaits, says } from '../lib/office.mjs';
import { look } from '../lib/looks.mjs';
import { adobeForm, damaged, endless, greedy, locked } from '../lib/pdf.mjs';
import { until } from '../lib/page.mjs';
import { bothSeeAndHear, endTalk, hook, say, screen } from '../lib/steps.mjs';
import { demoWorld, onlyOurHost, quietConsole } from '../lib/world.mjs';

const LIMIT = { timeout: 180_000 };
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
  await shows(guest, 1);
  assert.deepEqual(await colour(guest, 320, 200), [0x2e, 0x2e, 0x2e, 255]);
  await see(guest, '03-picture');
  await guest.press('Escape');
  await gone(guest, 'dialog[open]');
  assert.ok(await guest.has(hook('files')), 'only the picture is closed');
});

// What is looked at is on the screen, and how it looks at a point of it.
const shows = (page, number) => page.wait(`${hook('view')}[data-page="${number}"] canvas`);
const colour = (page, x, y) => page.eval((...at) => [...document.querySelector('dialog[open] canvas').getContext('2d').getImageData(...at, 1, 1).data], x, y);
// The middle of the green square on a page of A4 as it is drawn.
const marked = async (page) => {
  const { width, height } = await page.eval(() => ({ width: document.querySelector('dialog[open] canvas').width, height: document.querySelector('dialog[open] canvas').height }));
  return colour(page, Math.round((200 / 595) * width), Math.round((642 / 842) * height));
};
const GREEN = [0, 128, 0, 255];

async function looksAt(page, name) {
  await becomes(page, name, 'here');
  await press(page, name, 'look');
}

// Whoever is asked for anything here has been reached by a file.
async function trap() {
  const asked = [];
  const server = createServer((request, response) => {
    asked.push(request.url);
    response.setHeader('Access-Control-Allow-Origin', '*');
    response.end();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { asked, address: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

// Runs in the sandbox, and in what reads there: what either can reach. Each answer is the name of a mistake, or what it got.
async function reach(own, leak) {
  const tried = {};
  const attempt = async (name, act, ms = 20_000) => {
    const late = new Promise((resolve) => setTimeout(resolve, ms, 'nothing'));
    try {
      tried[name] = String(await Promise.race([act(), late]));
    } catch (error) {
      tried[name] = error.name;
    }
  };
  await attempt('origin', () => globalThis.origin);
  await attempt('fetch', () => fetch(`${own}/healthz`));
  await attempt('away', () => fetch(`${leak}/fetch`, { mode: 'no-cors' }));
  await attempt('socket', () => new Promise((resolve, reject) => {
    const socket = new WebSocket(leak.replace('http', 'ws'));
    socket.onopen = () => resolve('open');
    socket.onerror = () => reject(new DOMException('', 'Refused'));
  }));
  await attempt('eval', () => Function('return 1')());
  if (globalThis.document) {
    await attempt('parent', () => parent.document.title);
    await attempt('talk', () => parent.keptConnections);
    await attempt('top', () => (top.location.href = `${leak}/top`));
    await attempt('cookie', () => document.cookie);
    await attempt('storage', () => localStorage.length);
    await attempt('window', () => globalThis.open(`${leak}/window`));
    await attempt('beacon', () => navigator.sendBeacon(`${leak}/beacon`, '1') && 'queued');
    await attempt('camera', () => navigator.mediaDevices.getUserMedia({ video: true }).catch(() => 'refused'));
    for (const [name, tag, key] of [['image', 'img', 'src'], ['script', 'script', 'src'], ['frame', 'iframe', 'src'], ['form', 'form', 'action']])
      await attempt(name, () => new Promise((resolve) => {
        const part = Object.assign(document.createElement(tag), { [key]: `${leak}/${name}`, onload: () => resolve('loaded'), onerror: () => resolve('refused') });
        document.documentElement.append(part);
        part.submit?.();
      }), name === 'form' ? 1_000 : undefined); // a form that is not sent says nothing
  } else await attempt('import', () => importScripts(`${own}/assets/none.js`));
  return tried;
}

test('a PDF is looked at page by page, and reaches nothing', LIMIT, async () => {
  const { asked, address, close } = await trap();
  await choose(talk, put('Bescheid (neu).pdf', greedy(address, ['Seite eins', 'Seite zwei', 'Seite drei'])));
  await press(guest, 'Bescheid (neu).pdf', 'accept');
  await looksAt(guest, 'Bescheid (neu).pdf');
  await shows(guest, 1);
  assert.deepEqual(await marked(guest), GREEN);
  await says(guest, hook('view-page'), /Seite 1 von 3/);
  for (const [width, colorScheme] of [[390, 'light'], [320, 'dark']]) {
    await look(guest, { width, height: 844, colorScheme });
    await see(guest, `08-pdf-${width}`);
  }
  await look(guest, { ...PHONE, colorScheme: 'light' });
  await guest.click(hook('view-next'));
  await shows(guest, 2);
  await guest.page.locator(hook('look')).focus();
  await guest.press('PageDown');
  await shows(guest, 3);
  await guest.click(hook('view-as-text'));
  await says(guest, hook('view-text'), /Seite drei/);
  await see(guest, '09-pdf-as-text');
  await guest.click(hook('view-as-text'));

  const { length: lines } = world.chromium.consoleLines;
  const { length: requests } = world.chromium.requests;
  const frame = guest.page.frames().find((one) => one.url() === `${world.server.url}/sandbox`);
  const nothing = { origin: 'null', fetch: 'TypeError', away: 'TypeError', socket: 'Refused', eval: 'EvalError' };
  assert.deepEqual(await frame.evaluate(`(${reach})(${JSON.stringify(world.server.url)}, ${JSON.stringify(address)})`), {
    ...nothing, parent: 'SecurityError', talk: 'SecurityError', top: 'SecurityError', cookie: 'SecurityError', storage: 'SecurityError', window: 'null', beacon: 'queued', camera: 'refused',
    image: 'refused', script: 'refused', frame: 'loaded', form: 'nothing',
  });
  const [reader] = guest.page.workers();
  assert.deepEqual(await reader.evaluate(`(${reach})(${JSON.stringify(world.server.url)}, ${JSON.stringify(address)})`), { ...nothing, import: 'NetworkError' });
  await frame.evaluate(`void (location.href = ${JSON.stringify(address)})`);
  await guest.click(hook('sheet-close'));
  await gone(guest, 'dialog[open]');
  assert.equal(await guest.has('iframe'), false);
  assert.deepEqual(guest.page.workers(), [], 'what has read is gone');
  assert.deepEqual(asked, [], 'nobody was reached');
  assert.equal(guest.context.pages().length, 1, 'nothing was opened');
  world.chromium.consoleLines.splice(lines); // what was refused
  world.chromium.requests.splice(requests);
  close();
});

test('of a PDF that cannot be shown the page says why, and goes on', LIMIT, async () => {
  const files = { 'Kaputt.pdf': [damaged(), /beschädigt.*Gerda Beispiel/], 'Geheim.pdf': [locked(), /Kennwort/], 'Formular.pdf': [adobeForm(), /Programm für PDF-Formulare/] };
  await choose(guest, ...Object.entries(files).map(([name, [bytes]]) => put(name, bytes)));
  for (const [name, [, why]] of Object.entries(files)) {
    await press(talk, name, 'accept');
    await looksAt(talk, name);
    await says(talk, hook('view-failed'), why);
    if (name === 'Geheim.pdf') await see(talk, '10-pdf-locked');
    await talk.press('Escape');
    await gone(talk, 'dialog[open]');
  }
});

test('a PDF that never ends is given up, and the talk goes on', LIMIT, async () => {
  await choose(guest, put('Endlos.pdf', endless()));
  await press(talk, 'Endlos.pdf', 'accept');
  await becomes(talk, 'Endlos.pdf', 'here');
  // What is waited for in real life is a tenth of it here.
  await talk.eval(() => {
    const real = (globalThis.asItWas = globalThis.setTimeout);
    globalThis.setTimeout = (act, ms, ...rest) => real(act, ms === 20_000 ? 2_000 : ms, ...rest);
  });
  await press(talk, 'Endlos.pdf', 'look');
  await says(talk, hook('view-failed'), /zu lange gedauert.*Das Gespräch läuft weiter/);
  await talk.eval(() => void (globalThis.setTimeout = globalThis.asItWas));
  assert.equal(await talk.has('iframe'), false);
  await until('nobody reads any more', () => talk.page.workers().length === 0);
  await see(talk, '11-pdf-endless');
  await talk.press('Escape');
  await choose(guest, put('Meldung.pdf', greedy('http://localhost:9', ['Meldung'])));
  await press(talk, 'Meldung.pdf', 'accept');
  await looksAt(talk, 'Meldung.pdf');
  await shows(talk, 1);
  assert.deepEqual(await marked(talk), GREEN);
  await see(talk, '12-pdf-staff');
  await talk.press('Escape');
  await gone(talk, 'dialog[open]');
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
