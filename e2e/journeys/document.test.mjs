// A guest holds a document into the camera: asked for or offered, taken, looked at first by the guest, seen large by the
// advisor at full resolution, gone on both sides; and nothing of it at the server but that one was seen.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { album } from '../lib/album.mjs';
import { DESK, PHONE, advisor, appoint, callIn, focused, goIn, gone, says, showsFace } from '../lib/office.mjs';
import { until } from '../lib/page.mjs';
import { PAPER, paperArguments, paperCamera, readPaper } from '../lib/papercard.mjs';
import { bothSeeAndHear, endTalk, hook, screen } from '../lib/steps.mjs';
import { demoWorld, onlyOurHost, quietConsole } from '../lib/world.mjs';

const LIMIT = { timeout: 180_000 };
const see = album('document');
const LARGE = { 'color-contrast-enhanced': { enabled: true } };
let world, list, guest, talk, made;

before(async () => {
  world = await demoWorld();
  list = await advisor(world);
  made = await appoint(list, { name: 'Gerda Beispiel' });
  guest = await world.chromium.newPage({ ...PHONE, hasTouch: true });
  await guest.context.addInitScript(paperCamera, paperArguments());
  await guest.goto(made.link);
  await guest.wait(screen('landing'));
  await goIn(guest);
  await guest.wait(screen('waiting'));
  talk = await callIn(list, 'Gerda Beispiel');
  await bothSeeAndHear(guest, talk);
});
after(() => world?.close());

async function begin(page) {
  await page.click(hook('more'));
  await page.click(hook('document-begin'));
}

// All looks of one state, and axe over each.
async function seen(page, name, rules) {
  await page.page.mouse.move(0, 0); // what lies below it looks otherwise
  for (const [size, colorScheme, language] of [[PHONE, 'light', 'de'], [DESK, 'dark', 'de']]) {
    await page.page.emulateMedia({ colorScheme });
    await page.page.setViewportSize(size);
    await see(page, `${name}-${language}-${size.width}-${colorScheme}`, rules);
  }
  await page.page.emulateMedia({ colorScheme: 'light' });
  await page.page.setViewportSize(page === guest ? PHONE : DESK);
}

const keeps = (page, what) => page.wait(`${hook('document-keeping')}[data-keep="${what}"]`);
const entries = () => execFileSync('sqlite3', [join(world.server.data, 'visavis.db'), "SELECT detail FROM audit_entry WHERE act = 'document.seen'"]).toString().trim().split('\n').filter(Boolean);
const cameras = () => guest.eval(() => globalThis.paper.open.length);

async function asWasHeld(page, selector) {
  await until('the document is on the screen, bit by bit', async () => {
    const got = await readPaper(page, selector);
    if (got.size.join() === [PAPER.width, PAPER.height].join() && got.wrong === 0 && got.apart === 1) return true;
    throw new Error(JSON.stringify(got));
  });
}

async function take() {
  await guest.wait(`${hook('document-viewfinder')} video`);
  await until('the camera films', () => guest.eval((selector) => document.querySelector(selector).videoWidth > 0, `${hook('document-viewfinder')} video`));
  await guest.click(hook('document-take'));
  await guest.wait(hook('document-send'), 15_000);
}

test('an advisor asks, the guest agrees and opens the camera, which nobody else sees', LIMIT, async () => {
  await begin(talk);
  await focused(talk, hook('document'));
  await says(talk, hook('document'), /Gerda Beispiel wird gefragt/);
  await says(guest, hook('document'), /Sabine Krüger bittet Sie, ein Dokument zu zeigen/);
  await seen(guest, '01-asked', LARGE);
  await guest.click(hook('document-open'));
  await guest.wait(`${hook('document-viewfinder')} video`);
  await says(talk, hook('document'), /hält das Dokument vor die Kamera/);
  assert.deepEqual(await guest.eval(() => globalThis.paper.asked.facingMode), { ideal: 'environment' });
  await until('the usual camera is away', async () => !(await showsFace(talk)));
  await focused(guest, hook('sheet'));
  await seen(guest, '02-aimed', LARGE);
});

test('one still at full resolution is looked at by the guest first, taken again, and sent', LIMIT, async () => {
  await take();
  await asWasHeld(guest, `${hook('look')} img`);
  await says(guest, hook('sheet'), /Ist alles gut lesbar\?/);
  await seen(guest, '03-review', LARGE);
  await guest.click(hook('document-again'));
  await take();
  assert.equal(await talk.has(hook('look')), false, 'nobody else has seen it');
  await guest.click(hook('document-send'));
  await talk.wait(hook('sheet'), 60_000);
  await asWasHeld(talk, `${hook('look')} img`);
  await says(guest, hook('document'), /Sabine Krüger sieht Ihr Foto/);
  await seen(talk, '04-seen');
  await seen(guest, '05-shown', LARGE);
});

test('the usual camera is back, and the one for documents is closed', LIMIT, async () => {
  await until('the advisor sees the guest', () => showsFace(talk));
  assert.equal(await cameras(), 0);
});

test('it is made larger and turned by keyboard and by buttons', LIMIT, async () => {
  const view = () => talk.eval((selector) => ({ ...document.querySelector(selector).dataset }), hook('look'));
  await talk.page.locator(hook('look')).focus();
  for (const key of ['+', '+', 'r']) await talk.press(key);
  assert.deepEqual([(await view()).zoom, (await view()).turns], ['2.25', '1']);
  await talk.page.bringToFront(); // a window behind others may leave a key that scrolls without an answer
  await until('it has moved', async () => {
    await talk.press('ArrowDown');
    const at = await talk.eval((selector) => ['scrollTop', 'scrollHeight', 'clientHeight'].map((side) => document.querySelector(selector)[side]), hook('look'));
    if (at[0] > 0) return true;
    throw new Error(`${at.join()}, ${await talk.eval(() => document.activeElement.outerHTML.slice(0, 80))}`);
  });
  await seen(talk, '06-turned');
  await talk.press('-');
  assert.equal((await view()).zoom, '1.50');
  await talk.press('0');
  for (const button of ['larger', 'turn', 'smaller']) await talk.click(hook(`look-${button}`));
  assert.deepEqual([(await view()).zoom, (await view()).turns], ['1.00', '2']);
});

test('the server knows that a document was seen, by which role, and nothing of it', LIMIT, async () => {
  await until('it is in the audit', () => entries().length > 0);
  assert.deepEqual(entries(), ['role=advisor']);
  const sent = world.chromium.requests.filter((url) => /document/.test(new URL(url).pathname) && !url.includes('/assets/'));
  assert.equal(sent.length, 1, sent.join());
});

test('it is kept only if both agree, and who asked may save it', LIMIT, async () => {
  await talk.click(hook('document-keep'));
  await keeps(talk, 'waits');
  await keeps(guest, 'asked');
  await seen(guest, '07-keep-asked', LARGE);
  await guest.click(hook('document-keep-yes'));
  await keeps(talk, 'mine');
  await keeps(guest, 'theirs');
  await says(guest, hook('document'), /Sie und Sabine Krüger haben zugestimmt/);
  await seen(talk, '08-kept');
  const [download] = await Promise.all([talk.page.waitForEvent('download'), talk.page.locator(hook('document-save')).click()]);
  assert.equal(download.suggestedFilename(), 'Dokument.jpg');
  const bytes = readFileSync(await download.path());
  assert.equal(bytes.subarray(0, 3).toString('hex'), 'ffd8ff');
  assert.equal(bytes.includes('Exif'), false, 'nothing that the camera noted');
});

test('at the end it is gone on both sides', LIMIT, async () => {
  const { src } = await talk.eval((selector) => ({ src: document.querySelector(selector).src }), `${hook('look')} img`);
  await talk.click(`${hook('sheet')} ${hook('document-end')}`);
  await gone(talk, hook('sheet'));
  await says(guest, hook('document'), /Sabine Krüger durfte das Foto speichern/);
  assert.equal(await talk.eval((url) => fetch(url).then(() => 'there', () => 'gone'), src), 'gone');
  await guest.click(hook('document-end'));
  await gone(guest, hook('document'));
});

test('a guest offers one, goes all the way by keyboard, and the advisor goes on typing', LIMIT, async () => {
  await guest.page.locator(hook('more')).focus();
  await guest.press('Enter');
  await guest.page.locator(hook('document-begin')).focus();
  await guest.press('Enter');
  await focused(guest, hook('document'));
  await says(talk, hook('document'), /möchte Ihnen ein Dokument zeigen/);
  await see.both(talk, '09-wished');
  await talk.page.locator(hook('document-ask')).focus();
  await talk.press('Enter');
  await guest.wait(`${hook('document-viewfinder')} video`);
  await talk.click(hook('chat'));
  await talk.page.locator(`form:has(${hook('chat-send')}) input`).focus();
  await until('the camera films', () => guest.eval((selector) => document.querySelector(selector).videoWidth > 0, `${hook('document-viewfinder')} video`));
  await guest.page.locator(hook('document-take')).focus();
  await guest.press('Enter');
  await guest.wait(hook('document-send'), 15_000);
  await guest.page.locator(hook('document-send')).focus();
  await guest.press('Enter');
  await talk.wait(hook('document-large'), 60_000);
  assert.equal(await talk.has(hook('sheet')), false, 'nothing takes the focus from who types');
  await focused(talk, `form:has(${hook('chat-send')})`);
  await talk.click(hook('document-large'));
  await talk.press('Escape');
  await gone(talk, hook('sheet'));
  await says(talk, hook('document'), /zeigt Ihnen ein Dokument/);
  await talk.click(hook('chat'));
});

test('AVA-02: after the connection was away it is still there, and a page that is loaded anew has nothing of it', LIMIT, async () => {
  await guest.reload();
  await bothSeeAndHear(guest, talk);
  await says(talk, hook('document'), /wurde unterbrochen/);
  assert.equal(await talk.has(`${hook('look')} img`), false);
  await talk.click(hook('document-end'));
});

test('a camera that is refused or taken away says what to do, and the usual one comes back', LIMIT, async () => {
  await guest.eval(() => void (globalThis.paper.refuse = 'NotAllowedError'));
  await begin(talk);
  await guest.click(hook('document-open'));
  await says(guest, hook('document-viewfinder'), /nicht erlaubt/);
  await seen(guest, '10-refused', LARGE);
  await guest.eval(() => void (globalThis.paper.refuse = undefined));
  await guest.click(hook('document-retry'));
  await guest.wait(`${hook('document-viewfinder')} video`);
  await guest.eval(() => globalThis.paper.open.forEach((track) => track.dispatchEvent(new Event('ended'))));
  await says(guest, hook('document-viewfinder'), /keine Kamera da/);
  await guest.press('Escape');
  await gone(guest, hook('sheet'));
  await says(talk, hook('document'), /Bei Gerda Beispiel geht die Kamera nicht/);
  await until('the advisor sees the guest', () => showsFace(talk));
  assert.equal(await cameras(), 0);
  assert.equal(entries().length, 2, 'only what was seen is noted');
});

test('with the talk everything is gone', LIMIT, async () => {
  await talk.click(hook('document-end'));
  await endTalk(talk);
  await guest.wait(screen('goodbye'));
  onlyOurHost(world.chromium, world.server);
  quietConsole(world.chromium, [/401 .*\/api\/staff\/session/, /blob:/]);
});
