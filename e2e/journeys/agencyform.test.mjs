// A form that the agency has defined: an administrator writes its questions, an advisor opens it in a talk, the guest fills it
// in on a telephone, in their language, and confirms; the result is one PDF with text in it, and stored nowhere.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { album } from '../lib/album.mjs';
import { look } from '../lib/looks.mjs';
import { DESK, PHONE, advisor, appoint, callIn, focused, gone, guestWaits, says } from '../lib/office.mjs';
import { until } from '../lib/page.mjs';
import { bothSeeAndHear, endTalk, hook, screen } from '../lib/steps.mjs';
import { demoWorld, onlyOurHost, quietConsole } from '../lib/world.mjs';

const LIMIT = { timeout: 180_000 };
const LARGE = { 'color-contrast-enhanced': { enabled: true } };
const ADMIN = 'martina.lorenz@example.org';
const see = album('agencyform');
let world, admin, list, guest, talk, desk;

before(async () => {
  world = await demoWorld();
  admin = await world.chromium.newPage(DESK);
  await admin.goto(`${world.server.url}/staff`);
  await admin.wait(screen('signin'));
  await admin.fill('input[name=email]', ADMIN);
  await admin.fill('input[type=password]', world.server.password());
  await admin.press('Enter');
  await admin.wait(screen('admin'));
  list = await advisor(world);
  desk = await list.eval(async () => (await (await fetch('/api/staff/session')).json()).desks[0].id);
});
after(() => world?.close());

const question = (n) => `[data-question="${n}"]`;
const typed = (page, scope, label) => page.page.locator(scope).getByLabel(label, { exact: false }).first();
const field = (label) => `${hook('form-field')}:has-text("${label}")`;
const put = (page, label) => page.page.locator(`${field(label)} :is(input, textarea, select)`);

async function seen(page, name, rules, narrow) {
  await page.page.mouse.move(0, 0); // what lies below it looks otherwise
  for (const [width, colorScheme] of [[390, 'light'], [1280, 'dark']]) {
    await look(page, { width, colorScheme });
    await see(page, `${name}-${width}`, rules);
  }
  const { width } = narrow ? PHONE : DESK;
  await look(page, { width, colorScheme: 'light' });
}

test('an administrator writes the questions of a form, is told what is missing where it is, and tries it out', LIMIT, async () => {
  await admin.goto(`${world.server.url}/staff/admin/places/${desk}`);
  await admin.wait(hook('forms'));
  await says(admin, hook('forms'), /Hier gibt es noch kein Formular/);
  await admin.page.locator(hook('forms')).scrollIntoViewIfNeeded();
  await seen(admin, '01-none');
  await admin.click(hook('form-new'));
  await focused(admin, hook('form-edit'));
  await admin.click(hook('form-save'));
  await says(admin, hook('form-edit'), /Bitte füllen Sie dieses Feld aus/);
  await focused(admin, hook('form-edit'));
  await typed(admin, hook('form-edit'), 'Name des Formulars (Deutsch)').fill('Antrag auf Wohngeld');
  await typed(admin, hook('form-edit'), 'Name des Formulars (English)').fill('Application for housing benefit');
  await typed(admin, question(1), 'Frage (Deutsch)').fill('Vor- und Nachname');
  await admin.page.locator(question(1)).getByText('Muss ausgefüllt werden').click();
  await admin.page.locator(`${question(1)} summary`).click();
  await typed(admin, question(1), 'Frage (English)').fill('First and last name');
  for (const [n, kind, label] of [[2, 'radio', 'Art der Wohnung'], [3, 'lines', 'Warum ziehen Sie um?'], [4, 'check', 'Ich wohne allein'], [5, 'date', 'Geburtsdatum']]) {
    await admin.click(hook('form-add'));
    await admin.wait(question(n));
    await admin.page.locator(`${question(n)} select`).selectOption(kind);
    await typed(admin, question(n), 'Frage (Deutsch)').fill(label);
  }
  await admin.click(hook('form-save'));
  await says(admin, question(2), /eine bis 50 Antworten/);
  await typed(admin, question(2), 'Antworten (Deutsch)').fill('Miete\nEigentum\nEigentum');
  await admin.click(hook('form-save'));
  await says(admin, question(2), /steht zweimal da/);
  await admin.page.locator(question(2)).scrollIntoViewIfNeeded();
  await seen(admin, '02-wrong');
  await typed(admin, question(2), 'Antworten (Deutsch)').fill('Miete\nEigentum');
  await admin.page.locator(`${question(2)} summary`).click();
  await typed(admin, question(2), 'Antworten (English)').fill('Rent\nProperty');
  await admin.page.locator(`${question(5)} ${hook('form-up')}`).press('Enter');
  await focused(admin, `${question(4)} ${hook('form-up')}`);
  assert.equal(await typed(admin, question(4), 'Frage (Deutsch)').inputValue(), 'Geburtsdatum');
  await admin.click(hook('form-preview-button'));
  await admin.wait(`${hook('form-preview')} ${field('Art der Wohnung')}`);
  await admin.page.locator(hook('form-preview')).getByText('English', { exact: true }).click();
  await admin.wait(`${hook('form-preview')} ${field('First and last name')}`);
  await put(admin, 'First and last name').fill('Nur zur Probe');
  await admin.page.locator(hook('form-preview')).scrollIntoViewIfNeeded();
  await seen(admin, '03-preview');
  await admin.click(hook('form-save'));
  await says(admin, hook('form-list'), /Antrag auf Wohngeld\s*5 Fragen/);
  await focused(admin, hook('form-new'));
  await seen(admin, '04-list');
});

test('of two who change a form at once the later is told so, and loses nothing', LIMIT, async () => {
  await admin.page.locator(hook('form-list')).getByRole('button', { name: 'Antrag auf Wohngeld ändern' }).click();
  await admin.wait(hook('form-edit'));
  await typed(admin, question(3), 'Frage (Deutsch)').fill('Warum ziehen Sie um (ausführlich)?');
  await admin.eval(async (place) => {
    const at = `/api/staff/places/${place}/forms`;
    const [{ id, version }] = (await (await fetch(at)).json()).forms;
    const { form } = await (await fetch(`${at}/${id}`)).json();
    form.fields[3].help = { de: 'Tag, Monat, Jahr' };
    await fetch(`${at}/${id}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ version, form }) });
  }, desk);
  await admin.click(hook('form-save'));
  await says(admin, hook('form-edit'), /Jemand hat das gerade geändert/);
  assert.equal(await typed(admin, question(3), 'Frage (Deutsch)').inputValue(), 'Warum ziehen Sie um (ausführlich)?');
  await admin.click(hook('form-save'));
  await admin.wait(hook('form-list'));
});

test('an advisor opens it, and both see its questions in the language of the guest', LIMIT, async () => {
  const { link } = await appoint(list, { name: 'Gerda Beispiel', language: 'en' });
  guest = await guestWaits(world.chromium, link, PHONE);
  talk = await callIn(list, 'Gerda Beispiel');
  await bothSeeAndHear(guest, talk);
  await talk.click(hook('more'));
  await talk.click(hook('form-open'));
  await talk.wait(hook('form-own'));
  await says(talk, hook('form-own'), /Antrag auf Wohngeld/);
  await seen(talk, '05-choose');
  await talk.page.locator(hook('form-own')).getByRole('button', { name: 'Antrag auf Wohngeld' }).click();
  for (const page of [talk, guest]) {
    await page.wait(field('First and last name'));
    assert.equal(await page.page.locator(hook('form-field')).count(), 5);
  }
  await put(guest, 'First and last name').fill('Ayşe Öztürk-Łuk');
  await put(guest, 'Warum ziehen Sie um').fill('Straße zu laut 🙂\nmehr Platz');
  await put(guest, 'Art der Wohnung').nth(1).check();
  await guest.press('Tab');
  await until('the advisor sees it', async () => (await put(talk, 'First and last name').inputValue()) === 'Ayşe Öztürk-Łuk');
  await put(talk, 'Geburtsdatum').fill('31.12.1990');
  await seen(guest, '06-guest', LARGE, true);
  await seen(talk, '07-advisor');
});

test('who leaves while a form is open reads what is lost', LIMIT, async () => {
  await guest.click(hook('leave'));
  await says(guest, 'dialog[open]', /The form “Application for housing benefit” is open\. If you leave, the answers in it are gone/);
  await see(guest, '07-leave-390', LARGE);
  await guest.click(hook('stay'));
});

test('an advisor\'s page that is loaded anew finds the form again by itself', LIMIT, async () => {
  await talk.reload();
  await talk.wait(field('First and last name'), 60_000);
  await gone(talk, hook('form-lost'));
  assert.equal(await put(talk, 'First and last name').inputValue(), 'Ayşe Öztürk-Łuk');
});

async function save(page) {
  await page.wait(hook('form-save'), 60_000);
  const [download] = await Promise.all([page.page.waitForEvent('download'), page.click(hook('form-save'))]);
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
}

test('the guest confirms, either side saves the same PDF, and all that was typed can be read in it', LIMIT, async () => {
  await guest.page.locator(hook('form-check')).press('Enter');
  await says(guest, 'dialog[open]', /First and last name\s*Ayşe Öztürk-Łuk/);
  await seen(guest, '08-summary', LARGE, true);
  await guest.page.locator(hook('form-confirm')).press('Enter');
  for (const page of [guest, talk]) await page.wait(`${hook('form-stage')}[data-stage=confirmed]`);
  await guest.wait(hook('form-save'), 60_000);
  await guest.click(hook('leave'));
  await says(guest, hook('leave-loses'), /You have not downloaded the filled in form/);
  await guest.click(hook('stay'));
  const [mine, theirs] = [await save(talk), await save(guest)];
  await guest.click(hook('leave'));
  await guest.wait('dialog[open]');
  assert.equal(await guest.has(hook('leave-loses')), false, 'what is saved is not lost');
  await guest.click(hook('stay'));
  assert.ok(mine.bytes.equals(theirs.bytes));
  assert.equal(mine.name, 'Application for housing benefit ausgefüllt.pdf');
  await says(talk, hook('form-saved'), /Gerda Beispiel hat die Datei heruntergeladen/);
  await seen(guest, '09-confirmed', LARGE, true);
  await seen(talk, '10-confirmed');
  await guest.click(hook('form-look'));
  await says(guest, hook('view'), /First and last name/);
  for (const said of [/Ayşe Öztürk-Łuk/, /31\.12\.1990/, /mehr Platz/, /Property/, /Eigentum/, /Vor- und Nachname/]) await says(guest, hook('view'), said);
  await see(guest, '11-result-390', LARGE);
  await look(guest, { width: 1280, colorScheme: 'light' });
  await see(guest, '11-result-1280', LARGE);
  await look(guest, { width: 390, colorScheme: 'light' });
  await guest.click(hook('sheet-close'));
});

test('the server knows the form and nothing of what was filled in', LIMIT, async () => {
  const db = join(world.server.data, 'visavis.db');
  const acts = execFileSync('sqlite3', [db, "SELECT act FROM audit_entry WHERE act LIKE 'form.%' ORDER BY seq"]).toString().trim().split('\n');
  assert.deepEqual(acts, ['form.defined', 'form.changed', 'form.changed', 'form.opened', 'form.confirmed']);
  for (const file of [db, `${db}-wal`]) assert.doesNotMatch(readFileSync(file).toString(), /mehr Platz|Öztürk-Łuk/);
  await talk.click(hook('form-close'));
  await talk.click(hook('form-close-really'));
  await gone(guest, hook('form-field'));
  await endTalk(talk);
});

test('an administrator deletes a form after a question', LIMIT, async () => {
  await admin.click(hook('form-drop'));
  await says(admin, 'dialog[open]', /Antrag auf Wohngeld löschen\?/);
  await see(admin, '12-drop-1280');
  await admin.click(hook('form-drop-yes'));
  await says(admin, hook('forms'), /Hier gibt es noch kein Formular/);
  onlyOurHost(world.chromium, world.server);
  quietConsole(world.chromium, [/409 \(Conflict\).*\/forms\//]);
});
