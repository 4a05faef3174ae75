// A form of the agency, filled in by both at once: the same fields on both sides, nobody writes where the other one does,
// only the guest confirms, and the filled in file is saved by either, and by nobody else.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { album } from '../lib/album.mjs';
import { look } from '../lib/looks.mjs';
import { DESK, PHONE, advisor, appoint, callIn, focused, gone, guestWaits, says } from '../lib/office.mjs';
import { until } from '../lib/page.mjs';
import { application, endlessForm, locked, pages } from '../lib/pdf.mjs';
import { bothSeeAndHear, endTalk, hook } from '../lib/steps.mjs';
import { demoWorld, onlyOurHost, quietConsole } from '../lib/world.mjs';

const LIMIT = { timeout: 180_000 };
const LARGE = { 'color-contrast-enhanced': { enabled: true } };
const see = album('form');
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

const field = (label) => `${hook('form-field')}:has-text("${label}")`;
const put = (page, label) => page.page.locator(`${field(label)} :is(input, textarea, select)`);
const value = (page, label) => put(page, label).first().inputValue();
const same = (label, wanted) => until(`both read ${wanted} at ${label}`, async () => (await value(guest, label)) === wanted && (await value(talk, label)) === wanted);
const choose = (name, buffer) => talk.page.locator(`${hook('form')} input[type=file]`).setInputFiles({ name, mimeType: 'application/pdf', buffer });

async function seen(page, name, rules) {
  await page.page.mouse.move(0, 0); // what lies below it looks otherwise
  for (const [width, colorScheme] of [[390, 'light'], [1280, 'dark']]) {
    await look(page, { width, colorScheme });
    await see(page, `${name}-${width}`, rules);
  }
  const { width } = page === guest ? PHONE : DESK;
  await look(page, { width, colorScheme: 'light' });
}

test('what is no form that can be filled in is refused with what to do, and nothing is lost', LIMIT, async () => {
  await talk.click(hook('more'));
  await talk.click(hook('form-open'));
  await focused(talk, hook('form'));
  for (const [buffer, sentence] of [
    [Buffer.from('Guten Tag'), /ist keine PDF-Datei/],
    [pages(['nur Text']), /hat keine Felder zum Ausfüllen/],
    [locked(), /mit einem Kennwort geschützt/],
    [endlessForm(301), /höchstens 300 Felder/],
  ]) {
    await choose('Antrag.pdf', buffer);
    await says(talk, hook('form-refused'), sentence);
  }
  await seen(talk, '01-refused');
  assert.equal(await guest.has(hook('form')), false);
});

test('an advisor opens a form, and both see its fields, which no script of it fills in', LIMIT, async () => {
  await choose('Antrag_Wohngeld.pdf', application());
  await talk.wait(`${field('Vor- und Nachname')}, ${hook('form-refused')}`);
  assert.equal((await talk.has(hook('form-refused'))) && (await talk.text(hook('form-refused'))), false);
  for (const page of [talk, guest]) {
    await page.wait(field('Vor- und Nachname'));
    assert.equal(await page.page.locator(hook('form-field')).count(), 6);
  }
  await says(talk, hook('form-scripted'), /Skripte darin werden nicht ausgeführt/);
  await says(guest, hook('form'), /Sabine Krüger hat dieses Formular geöffnet/);
});

test('what one writes the other one reads meanwhile, and does not write there', LIMIT, async () => {
  await put(guest, 'Vor- und Nachname').pressSequentially('Ayşe Öztürk-Łuk');
  await same('Vor- und Nachname', 'Ayşe Öztürk-Łuk');
  assert.equal(await put(talk, 'Vor- und Nachname').isDisabled(), true);
  await says(talk, field('Vor- und Nachname'), /Gerda Beispiel ist gerade in diesem Feld/);
  await says(talk, hook('form-where'), /Gerda Beispiel ist bei: Vor- und Nachname/);
  await seen(talk, '02-locked');
  await put(guest, 'Vor- und Nachname').focus();
  await guest.press('Tab');
  await until('the field is free', () => put(talk, 'Vor- und Nachname').isEnabled());
  await put(talk, 'Warum ziehen Sie um?').fill('Umzug\nwegen der Arbeit');
  await put(talk, 'Land').selectOption('Österreich');
  await same('Land', 'Österreich');
  await put(guest, 'Ich wohne allein').check();
  await put(guest, 'Art der Wohnung').nth(1).check();
  await put(talk, 'Geburtsdatum').fill('31.12.1990'); // where the guest was a moment ago
  await until('the advisor sees both', async () => (await put(talk, 'Ich wohne allein').isChecked()) && (await put(talk, 'Art der Wohnung').nth(1).isChecked()));
});

test('the advisor points at a field, and the guest goes there when they want to', LIMIT, async () => {
  await talk.page.locator(`${field('Vor- und Nachname')} ${hook('form-point')}`).press('Enter');
  await says(guest, hook('form-where'), /Sabine Krüger zeigt auf: Vor- und Nachname/);
  assert.equal(await put(guest, 'Vor- und Nachname').isEnabled(), true, 'who points at a field does not hold it');
  await seen(guest, '03-pointed', LARGE);
  await guest.click(hook('form-go'));
  await focused(guest, field('Vor- und Nachname'));
  await look(guest, { width: 320, colorScheme: 'light' });
  await see(guest, '04-narrow', LARGE);
  assert.equal(await guest.eval(() => document.documentElement.scrollWidth <= innerWidth), true);
  await look(guest, { width: 390, colorScheme: 'light' });
});

test('a page that is loaded anew has all of it again, the guest\'s and the advisor\'s', LIMIT, async () => {
  await guest.reload();
  await guest.wait(field('Vor- und Nachname'), 60_000);
  await same('Warum ziehen Sie um?', 'Umzug\nwegen der Arbeit');
  await talk.reload();
  await talk.wait(hook('form-lost'), 60_000);
  await same('Vor- und Nachname', 'Ayşe Öztürk-Łuk');
  await choose('Anderer.pdf', pages(['nur Text']));
  await says(talk, hook('form-refused'), /keine Felder/);
  await choose('Antrag_Wohngeld.pdf', application());
  await gone(talk, hook('form-lost'));
});

test('only the guest confirms, once nothing is missing, and reads all of it before', LIMIT, async () => {
  assert.equal(await talk.has(hook('form-check')), false);
  await put(guest, 'Vor- und Nachname').fill('');
  await guest.page.locator(hook('form-check')).press('Enter');
  await says(guest, field('Vor- und Nachname'), /Bitte füllen Sie dieses Feld aus/);
  await focused(guest, field('Vor- und Nachname'));
  await put(guest, 'Vor- und Nachname').fill('Ayşe Öztürk-Łuk');
  await guest.page.locator(hook('form-check')).press('Enter');
  await says(guest, 'dialog[open]', /Vor- und Nachname\s*Ayşe Öztürk-Łuk.*keine Unterschrift/s);
  await seen(guest, '05-summary', LARGE);
  await guest.page.locator(hook('form-confirm')).press('Enter');
  for (const page of [guest, talk]) await page.wait(`${hook('form-stage')}[data-stage=confirmed]`);
  await says(talk, hook('form-stage'), /Gerda Beispiel hat die Angaben bestätigt/);
  for (const page of [guest, talk]) assert.equal(await page.has(hook('form-field')), false, 'nobody changes it any more');
});

async function save(page) {
  await page.wait(hook('form-save'), 60_000);
  const [download] = await Promise.all([page.page.waitForEvent('download'), page.click(hook('form-save'))]);
  assert.equal(download.suggestedFilename(), 'Antrag Wohngeld ausgefüllt.pdf');
  return readFileSync(await download.path());
}

// What stands in a file by itself, without any library: its last word on each field (ISO 32000-1 §7.5.6).
function stands(file, object) {
  const all = [...file.toString('latin1').matchAll(new RegExp(`(?:^|\\n)${object} 0 obj\\s*(.*?)\\s*endobj`, 'gs'))].at(-1)[1];
  const [, said] = /\/V ?(\/\w+|\((?:\\.|[^\\)])*\))/s.exec(all) ?? [];
  if (!said?.startsWith('(')) return said;
  const bytes = Buffer.from(said.slice(1, -1).replace(/\\([nrtbf()\\])/g, (_, c) => ({ n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' })[c] ?? c), 'latin1');
  return bytes[0] === 0xfe && bytes[1] === 0xff ? new TextDecoder('utf-16be').decode(bytes.subarray(2)) : bytes.toString('latin1');
}

test('either side saves the same file, in which everything stands, and each hears of the other', LIMIT, async () => {
  const [mine, theirs] = [await save(talk), await save(guest)];
  assert.ok(mine.equals(theirs));
  assert.deepEqual([6, 7, 8, 9, 10, 13].map((object) => stands(mine, object)), ['Ayşe Öztürk-Łuk', '31.12.1990', 'Umzug\nwegen der Arbeit', '/Ja', '/Eigentum', 'AT']);
  await says(talk, hook('form-saved'), /Gerda Beispiel hat die Datei heruntergeladen/);
  await guest.click(hook('form-look'));
  await says(guest, hook('view'), /Antrag auf Wohngeld/);
  await see(guest, '06-result-390', LARGE);
  await guest.click(hook('sheet-close'));
  await seen(guest, '07-confirmed', LARGE);
  await seen(talk, '08-confirmed');
});

test('the advisor opens the answers again: the confirmation is void, and the guest reads so', LIMIT, async () => {
  await talk.click(hook('form-reopen'));
  await says(guest, hook('form'), /hat die Angaben wieder geöffnet\. Ihre Bestätigung gilt nicht mehr/);
  assert.equal(await guest.has(hook('form-save')), false);
  await talk.click(hook('end'));
  await says(talk, 'dialog[open]', /Mit dem Ende des Gesprächs ist es weg/);
  await talk.press('Escape');
});

test('of all that the server has only that a form was opened and confirmed, in which role', LIMIT, async () => {
  const db = join(world.server.data, 'visavis.db');
  const entries = execFileSync('sqlite3', [db, "SELECT act, detail FROM audit_entry WHERE act LIKE 'form.%' ORDER BY act"]).toString().trim().split('\n');
  assert.deepEqual(entries, ['form.confirmed|role=advisor', 'form.opened|role=advisor']);
  for (const file of [db, `${db}-wal`]) assert.doesNotMatch(readFileSync(file, 'latin1'), /Wohngeld|wegen der Arbeit/);
  await talk.click(hook('form-close'));
  await talk.click(hook('form-close-really'));
  await gone(guest, hook('form-field'));
  await endTalk(talk);
  onlyOurHost(world.chromium, world.server);
  quietConsole(world.chromium);
});
