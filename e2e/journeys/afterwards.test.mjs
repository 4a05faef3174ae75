// When a talk is over: the next appointment, booked with a time alone and told to the guest who is still there; and the
// guest's receipt, which says what happened and no more, is verified in the browser, printed with a code for cameras, kept
// as a file, and outlives the appointment; a changed one is refused.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { album } from '../lib/album.mjs';
import { DESK, PHONE, advisor, appoint, callIn, focused, goIn, says } from '../lib/office.mjs';
import { until } from '../lib/page.mjs';
import { bothSeeAndHear, endTalk, hook, screen } from '../lib/steps.mjs';
import { demoWorld, onlyOurHost, quietConsole } from '../lib/world.mjs';

const LIMIT = { timeout: 180_000 };
const see = album('afterwards');
const LARGE = { 'color-contrast-enhanced': { enabled: true } };
let world, list, guest, talk, made, receipt, address;

before(async () => {
  world = await demoWorld();
  list = await advisor(world);
  made = await appoint(list, { name: 'Gerda Beispiel' });
  guest = await world.chromium.newPage(PHONE);
  await guest.goto(made.link);
  await guest.wait(screen('landing'));
  await goIn(guest);
  await guest.wait(screen('waiting'));
});
after(() => world?.close());

async function looks(page, name) {
  for (const [size, colorScheme] of [[PHONE, 'light'], [DESK, 'dark'], [{ width: 320, height: 640 }, 'light']]) {
    await page.page.emulateMedia({ colorScheme });
    await page.page.setViewportSize(size);
    await see(page, `${name}-${size.width}-${colorScheme}`, LARGE);
  }
  await page.page.emulateMedia({ colorScheme: 'light' });
  await page.page.setViewportSize(PHONE);
}

test('at the end the next appointment needs nothing but a time, and the guest reads it at once', LIMIT, async () => {
  talk = await callIn(list, 'Gerda Beispiel');
  await bothSeeAndHear(guest, talk);
  await endTalk(talk);
  await guest.wait(screen('goodbye'));
  const proposed = await talk.eval(() => [...document.querySelectorAll('[data-testid=follow] input')].map((field) => field.value));
  assert.match(proposed.join(' '), /^\d{4}-\d\d-\d\d \d\d:\d\d$/);
  await see(talk, '01-proposed');
  await talk.page.locator(`${hook('follow')} input[type=date]`).focus();
  await talk.page.locator(hook('follow-submit')).focus();
  await talk.press('Enter');
  await focused(talk, hook('followed'));
  await says(talk, hook('followed'), /Folgetermin mit Gerda Beispiel: .*Uhr/);
  await see(talk, '02-followed');
  await says(guest, hook('next'), /Ihr nächster Termin: \S+, .*Uhr/);
  const link = await guest.eval((at) => document.querySelector(`${at} a`).href, hook('next'));
  const next = await world.chromium.newPage(PHONE);
  await next.goto(link);
  await next.wait(screen('early'));
  await next.closeAll();
});

test('the good-bye page offers a receipt, which opens beside it', LIMIT, async () => {
  await guest.wait(hook('receipt'));
  await looks(guest, '03-goodbye');
  receipt = await guest.nextPopup(() => guest.click(hook('receipt')));
  await receipt.wait(hook('receipt-facts'));
  address = await receipt.eval(() => location.href);
  assert.equal(await guest.has(screen('goodbye')), true, 'the page stays where it is');
});

test('it says what happened, names nobody, and its browser has verified it', LIMIT, async () => {
  await says(receipt, hook('receipt-summary'), /^Es gab ein Gespräch\.$/);
  const facts = await receipt.text(hook('receipt-facts'));
  assert.match(facts, new RegExp(`Nummer des Termins\\s*${made.id.match(/.{1,4}/g).join(' ')}`));
  for (const wanted of [/Im Warteraum angemeldet\s*\d\d:\d\d bis \d\d:\d\d Uhr/, /Gesprochen\s*\d\d:\d\d bis \d\d:\d\d Uhr/, /Gespräch geführt/, /Zeitzone\s*\S+ \(UTC/]) assert.match(facts, wanted);
  const all = await receipt.text('main');
  assert.match(all, /Geprüft hat das Ihr Browser/);
  for (const name of ['Gerda', 'Beispiel', 'Sabine', 'Krüger']) assert.ok(!all.includes(name), name);
  const asked = [];
  receipt.page.on('request', (r) => asked.push(`${r.method()} ${new URL(r.url()).pathname}`));
  await receipt.reload();
  await receipt.wait(hook('receipt-facts'));
  assert.deepEqual(asked.filter((one) => one.includes('/api/')), ['GET /api/receipts/keys'], 'the server learns nothing of it');
  await looks(receipt, '04-genuine');
});

test('it is printed with a code, and kept as a file that says the same', LIMIT, async () => {
  await receipt.eval(() => {
    globalThis.print = () => (document.body.dataset.printed = 'yes');
  });
  await receipt.click(hook('receipt-print'));
  await receipt.wait('body[data-printed=yes]');
  await receipt.page.emulateMedia({ media: 'print' });
  await see.again(receipt, '05-paper');
  assert.equal(await receipt.page.locator(hook('receipt-print')).isVisible(), false, 'no button on paper');
  assert.equal(await receipt.page.locator(hook('receipt-code')).isVisible(), true);
  await receipt.page.emulateMedia({ media: 'screen' });
  const [file] = await Promise.all([receipt.page.waitForEvent('download'), receipt.click(hook('receipt-save'))]);
  const text = readFileSync(await file.path(), 'utf8');
  assert.match(file.suggestedFilename(), /^beleg-\w{8}\.txt$/);
  assert.ok(text.includes(address) && text.includes('Es gab ein Gespräch.'), text);
});

test('it is found genuine when all that is known of the appointment has been deleted, by the link or pasted', LIMIT, async () => {
  const tables = ['talk_signal', 'talk_leg', 'talk', 'seat_message', 'seat_link', 'seat_browser', 'seat_presence', 'seat', 'task', 'appointment'];
  execFileSync('sqlite3', [join(world.server.data, 'visavis.db'), `.timeout 5000`, tables.map((table) => `DELETE FROM ${table};`).join(' ')]);
  const office = await world.chromium.newPage(PHONE);
  await office.goto(`${world.server.url}/receipt`);
  await office.wait('textarea');
  await looks(office, '06-paste');
  await office.fill('textarea', 'Beleg');
  await office.click(hook('receipt-check'));
  await focused(office, 'textarea');
  await says(office, 'main', /Das ist kein ganzer Beleg/);
  await see(office, '07-not-whole', LARGE);
  await office.fill('textarea', address);
  await office.click(hook('receipt-check'));
  await office.wait(hook('receipt-facts'));
  await until('it is read from its beginning', async () => (await office.text('main')).includes('Dieser Beleg ist echt.'));

  const [before, signature] = address.split('.').slice(-2);
  const plain = JSON.parse(Buffer.from(before.split('#')[1], 'base64url'));
  const forged = `${Buffer.from(JSON.stringify({ ...plain, outcome: 'technical' })).toString('base64url')}.${signature}`;
  await office.eval((text) => (location.hash = text), forged);
  await says(office, 'main', /Diesen Beleg können wir nicht bestätigen/);
  assert.equal(await office.has(hook('receipt-facts')), false, 'nothing of it is shown');
  await see(office, '08-forged', LARGE);
  quietConsole(world.chromium);
  onlyOurHost(world.chromium, world.server);
});
