// What an agency decides reaches its guests: texts and telephone number, consent that is asked for and can be taken back,
// ways that are not offered, a code that must be compared.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { album } from '../lib/album.mjs';
import { advisor, appoint, callIn, DESK, focused, gone, goIn, guestAt, guestWaits, openDevices, PHONE, says, waitingRow } from '../lib/office.mjs';
import { look } from '../lib/looks.mjs';
import { until } from '../lib/page.mjs';
import { endTalk, hook, say, screen } from '../lib/steps.mjs';
import { demoWorld, onlyOurHost, quietConsole } from '../lib/world.mjs';

const LIMIT = { timeout: 240_000 };
const ADMIN = 'martina.lorenz@example.org';
let world;
let admin;
let list;
let see;
let where;

before(async () => {
  world = await demoWorld();
  see = album('rules');
  admin = await world.chromium.newPage({ ...DESK, colorScheme: 'dark' });
  await admin.goto(`${world.server.url}/staff`);
  await admin.wait(screen('signin'));
  await admin.fill('input[name=email]', ADMIN);
  await admin.fill('input[type=password]', world.server.password());
  await admin.press('Enter');
  await admin.wait(screen('admin'));
  list = await advisor(world, 'sabine');
  where = await list.eval(async () => {
    const me = await (await fetch('/api/staff/session')).json();
    const [desk] = me.desks;
    return { desk: desk.id, service: me.services.find((s) => s.departmentId === desk.departmentId).id };
  });
});
afterEach(() => world.chromium.closeAllBut(admin, list));
after(() => world?.close());

// As the page does it, without its fields.
async function decide(place, rule, value) {
  const status = await admin.eval(
    async (path, body) => (await fetch(path, { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })).status,
    `/api/staff/places/${place}/rules/${rule}`,
    { value },
  );
  assert.equal(status, 200, `${rule} is decided`);
}

const at = (rule) => `[data-row="${rule}"]`;
const change = (rule) => admin.click(`${at(rule)} button`);

test('each sort of rule is written in its own fields, by keyboard too', LIMIT, async () => {
  await admin.goto(`${world.server.url}/staff/admin/places/${where.desk}`);
  await admin.wait(hook('rules'));
  await admin.wait(at('doors'));
  const parts = await admin.eval(() => [...document.querySelectorAll('[data-testid=rules] :is(h2, h3)')].map((h) => `${h.tagName} ${h.textContent.trim()}`));
  assert.deepEqual(parts, ['H2 Regeln', 'H3 Termine und Warteraum', 'H3 Funktionen', 'H3 Erreichbarkeit und Sprachen', 'H3 Texte und Rechtsgrundlage', 'H3 Sicherheit']);
  await see.both(admin, '01-rules');
  await look(admin, { ...PHONE, colorScheme: 'light' });
  await see(admin, '01-rules-narrow');
  await look(admin, { ...DESK, colorScheme: 'dark' });
  await change('contact.phone');
  await admin.fill(`${hook('rule-form')} input`, 'ruf an');
  await admin.press('Enter');
  await admin.wait('.kern-alert');
  await see(admin, '02-no-number');
  await admin.fill(`${hook('rule-form')} input`, '030 99 88 77');
  await admin.press('Enter');
  await says(admin, at('contact.phone'), /030 99 88 77/);
  await focused(admin, at('contact.phone'));
  await change('contact.hours');
  await admin.fill(`${hook('rule-form')} input`, 'montags, 8 bis 12 Uhr');
  await see.both(admin, '03-hours');
  await admin.click(hook('rule-save'));
  await says(admin, at('contact.hours'), /montags, 8 bis 12 Uhr/);
  await change('welcome');
  await admin.fill(`${hook('rule-form')} textarea`, 'Guten Tag!\nBitte halten Sie <b>Ihren Ausweis</b> bereit.');
  await admin.click(hook('rule-save'));
  await says(admin, at('welcome'), /Guten Tag!/);
  await change('languages');
  for (const name of ['Deutsch', 'English']) await admin.click(`${hook('rule-form')} label:has-text("${name}")`);
  await admin.click(hook('rule-save'));
  await says(admin, hook('rule-form'), /mindestens eine/);
  await focused(admin, `${hook('rule-form')} input[type=checkbox]`);
  await see(admin, '04-no-language');
  await admin.click(`${hook('rule-form')} label:has-text("Deutsch")`);
  await admin.click(hook('rule-save'));
  await says(admin, at('languages'), /Deutsch/);
  await see(admin, '05-decided');
});

test('how early and how late is decided at a service too, and stands there once', LIMIT, async () => {
  await admin.goto(`${world.server.url}/staff/admin/places/${where.service}`);
  await says(admin, at('waiting.early'), /60 Minuten vor Beginn \(von Landesamt Musterland festgelegt\)/);
  await says(admin, at('waiting.late'), /60 Minuten nach dem Ende/);
  assert.equal((await admin.text('main')).match(/60/g).length, 2);
  await change('waiting.early');
  await admin.fill(`${hook('rule-form')} input`, '20');
  await look(admin, { ...PHONE, colorScheme: 'light' });
  await see.both(admin, '05-service-narrow');
  await look(admin, { ...DESK, colorScheme: 'dark' });
  await admin.press('Enter');
  await says(admin, at('waiting.early'), /20 Minuten vor Beginn \(hier festgelegt\)/);
  await see(admin, '05-service');
  await admin.goto(`${world.server.url}/staff/admin/places/${where.desk}`);
  await says(admin, at('waiting.early'), /60 Minuten vor Beginn \(von Landesamt Musterland festgelegt; für manche Anliegen eigens festgelegt\)/);
  await see.both(admin, '05-beside');
  await admin.goto(`${world.server.url}/staff/admin/places/${where.service}`);
  await admin.wait(at('waiting.early'));
  await admin.click(`${at('waiting.early')} button:has-text("Zurücksetzen")`);
  await says(admin, at('waiting.early'), /60 Minuten vor Beginn/);
});

const drawing = (inside) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="320" height="80"><rect width="80" height="80" rx="12" fill="#2044aa"/>
  <path d="M20 58 40 18l20 40z" fill="#ffcc00"/><text x="96" y="52" font-size="40" font-family="sans-serif">Musterland</text>${inside}</svg>`;
const upload = (text) =>
  admin.page.locator('input[type=file]').setInputFiles({ name: 'logo.svg', mimeType: 'image/svg+xml', buffer: Buffer.from(text) });

test('an office has its logo on the pages of its guests, and reminds nobody if it likes', LIMIT, async () => {
  const whole = await admin.eval(async () => (await (await fetch('/api/staff/session')).json()).roles.find(({ kind }) => kind === 'agency').place);
  await admin.goto(`${world.server.url}/staff/admin/places/${whole}`);
  await admin.wait(hook('rules'));
  await change('reminders');
  await says(admin, hook('rule-form'), /einen Tag vorher/);
  await admin.click(`${hook('rule-form')} label:has-text("einen Tag vorher")`);
  await see(admin, '06-reminders');
  await admin.click(hook('rule-save'));
  await says(admin, at('reminders'), /keine/);
  await change('logo');
  await upload(drawing('<script>document.title = "x"</script>'));
  await admin.click(hook('rule-save'));
  await says(admin, '.kern-alert', /script/);
  await see.both(admin, '07-no-logo');
  await upload(drawing(' '.repeat(70_000)));
  await admin.click(hook('rule-save'));
  await says(admin, hook('rule-form'), /64 kB/);
  await upload(drawing(''));
  await admin.click(hook('rule-save'));
  await admin.wait(`${at('logo')} img`);
  await focused(admin, at('logo'));
  await see(admin, '09-logo');
  const { link } = await appoint(list, { name: 'Lena Bild' });
  const guest = await guestAt(world.chromium, link, { ...PHONE, width: 320, colorScheme: 'dark' });
  await until('the logo is there', () => guest.eval(() => document.querySelector('header img')?.naturalWidth > 0));
  assert.deepEqual(await guest.eval(() => [document.querySelector('header img').width, document.querySelector('header img').height]), [160, 40]);
  await see(guest, '09-guest');
  await guest.close();
  await admin.click(`${at('logo')} button:has-text("Zurücksetzen")`);
  await says(admin, at('logo'), /keines/);
});

test('what the agency says of itself counts, and only a decision can be reset', LIMIT, async () => {
  const reset = `${at('contact.phone')} button:has-text("Zurücksetzen")`;
  const own = await admin.text(at('contact.phone'));
  assert.equal(await admin.has(reset), false, own);
  await see(admin, '09-own-row');
  await change('contact.phone');
  await admin.fill(`${hook('rule-form')} input`, '030 11 22 33');
  await admin.press('Enter');
  await admin.wait(reset);
  await admin.click(reset);
  await gone(admin, reset);
  assert.equal(await admin.text(at('contact.phone')), own);
  await focused(admin, at('contact.phone'));
});

test('consent is a choice of its own, and can be taken back in the waiting room', LIMIT, async () => {
  await decide(where.service, 'legal.basis', 'consent');
  const { link } = await appoint(list, { name: 'Karla Frei' });
  const guest = await guestAt(world.chromium, link);
  await guest.wait(hook('consent'));
  assert.equal(await guest.has(hook('check')), false, 'no camera before the choice');
  assert.equal(await guest.has(hook('callback')), false, 'what is as good is offered once, as large');
  assert.equal(await guest.eval(() => document.querySelector('[data-testid=consent] input').checked), false, 'not ticked');
  assert.match(await guest.text('main'), /<b>Ihren Ausweis<\/b>/, 'no markup');
  assert.match(await guest.text('main'), /030 99 88 77/);
  assert.equal(await guest.has('[role=group] button[lang]'), false, 'one language is no choice');
  await see(guest, '10-consent');
  await guest.click(hook('consent-send'));
  await focused(guest, `${hook('consent')} input`);
  await see(guest, '11-not-ticked');
  await guest.click(hook('instead'));
  await says(guest, 'dialog[open]', /persönlich/);
  await see(guest, '12-instead');
  await guest.press('Escape');
  await gone(guest, 'dialog[open]');
  await guest.click(`${hook('consent')} label`);
  await guest.click(hook('consent-send'));
  await guest.wait(hook('check'));
  await see(guest, '13-agreed');
  await goIn(guest);
  await guest.wait(screen('waiting'));
  await guest.click(hook('revoke'));
  await guest.wait('dialog[open]');
  await see(guest, '14-revoke');
  await guest.click(hook('revoke-yes'));
  await guest.wait(`${screen('landing')} ${hook('consent')}`);
  await says(guest, 'main', /zurückgezogen/);
  await see(guest, '15-revoked');
  await guest.click(hook('instead'));
  await guest.fill('dialog[open] input', '030 112233');
  await guest.click(hook('callback-send'));
  await gone(guest, 'dialog[open]');
  await says(guest, 'main', /Wir rufen Sie an/);
  await says(list, hook('task'), /Karla Frei[^]*030\s112\s233/);
  await decide(where.service, 'legal.basis', 'notice');
  onlyOurHost(world.chromium, world.server);
});

test('consent can be taken back in the talk, which is over then', LIMIT, async () => {
  await decide(where.service, 'legal.basis', 'consent');
  const { link } = await appoint(list, { name: 'Rosa Anders' });
  const guest = await guestAt(world.chromium, link);
  await guest.click(`${hook('consent')} label`);
  await guest.click(hook('consent-send'));
  await guest.wait(hook('check'));
  await goIn(guest);
  await guest.wait(screen('waiting'));
  const talk = await callIn(list, 'Rosa Anders');
  await guest.wait(screen('talk'));
  await gone(guest, hook('heads-up'));
  await guest.click(hook('more'));
  await guest.wait(hook('revoke'));
  await guest.page.locator(hook('revoke')).focus();
  await see(guest, '16-more');
  await guest.press('Enter');
  await says(guest, 'dialog dialog[open]', /endet dann sofort, und Sabine Krüger sieht/);
  await see(guest, '17-revoke-in-talk');
  await guest.press('Escape');
  await focused(guest, hook('revoke')); // and the talk goes on
  await guest.click('dialog[open] button[lang=en]');
  await says(guest, hook('revoke'), /Withdraw consent/);
  await guest.click(hook('revoke'));
  await says(guest, 'dialog dialog[open]', /ends at once/);
  await look(guest, { width: 1280, colorScheme: 'dark' });
  await see(guest, '18-revoke-in-talk-en');
  await look(guest, { ...PHONE, colorScheme: 'light' });
  await guest.click(hook('revoke-yes'));
  await guest.wait(`${screen('landing')} ${hook('consent')}`);
  await says(guest, 'main', /Your consent is withdrawn/);
  await focused(guest, 'h1');
  await until('devices are off', async () => (await openDevices(guest)) === 0);
  await see(guest, '19-revoked');
  await says(talk, hook('farewell'), /Rosa Anders hat das Gespräch verlassen/);
  await talk.close();
  await guest.closeAll();
  await decide(where.service, 'legal.basis', 'notice');
});

test('a text of the agency is read one step away, in full', LIMIT, async () => {
  await decide(where.service, 'legal.notice', { de: 'Wir verarbeiten Ihre Daten.\n\nNur für diesen Termin.' });
  const { link } = await appoint(list, { name: 'Otto Liest' });
  const guest = await guestAt(world.chromium, link, { ...PHONE, colorScheme: 'dark' });
  await guest.wait(hook('check'));
  await guest.click('summary');
  await says(guest, 'details', /Nur für diesen Termin/);
  await see(guest, '20-own-text');
});

test('a way that is not offered is not to be seen', LIMIT, async () => {
  const { link } = await appoint(list, { name: 'Nina Ohne' });
  await decide(where.service, 'doors', ['callback']);
  const guest = await guestAt(world.chromium, link);
  await says(guest, 'main', /nicht per Video/);
  assert.equal(await guest.has(hook('check')), false);
  assert.ok(await guest.has(hook('callback')));
  await see(guest, '30-no-video');
  await decide(where.service, 'doors', ['link']);
  await guest.reload();
  await guest.wait(hook('check'));
  assert.equal(await guest.has(hook('callback')), false);
  await see(guest, '31-no-call');
  await decide(where.service, 'doors', ['link', 'callback']);
});

const hasButtons = async (page) => [await page.has(hook('chat')), await page.has(hook('share'))];

// From the waiting room into a talk whose guest has heard that it begins.
async function talkWith(name) {
  const { link } = await appoint(list, { name });
  const guest = await guestWaits(world.chromium, link);
  const written = await list.has(`${waitingRow(name)} ${hook('write')}`);
  const talk = await callIn(list, name);
  await guest.wait(screen('talk'));
  await gone(guest, hook('heads-up'));
  for (const page of [guest, talk]) await page.wait(hook('more'));
  return { guest, talk, written };
}

test('what a location has switched off is on neither side, and there again once it is on', LIMIT, async () => {
  const location = await admin.eval(
    async (desk) => (await (await fetch(`/api/staff/places/${desk}`)).json()).location.id,
    where.desk,
  );
  await admin.goto(`${world.server.url}/staff/admin/places/${location}`);
  await admin.wait(at('talk.chat'));
  await says(admin, at('talk.chat'), /an[^]*Voreinstellung/);
  await change('talk.chat');
  await admin.click(`${hook('rule-form')} label:has-text("Ab einem bestimmten Tag")`);
  await admin.click(hook('rule-save'));
  await says(admin, hook('rule-form'), /Bitte füllen Sie dieses Feld aus/);
  await see.both(admin, '32-switch');
  await look(admin, { ...PHONE, colorScheme: 'light' });
  await see(admin, '32-switch-narrow');
  await look(admin, { ...DESK, colorScheme: 'dark' });
  await admin.fill(`${hook('rule-form')} input[type=date]`, '2099-12-01');
  await admin.click(hook('rule-save'));
  await says(admin, at('talk.chat'), /ab Dienstag, 1. Dezember 2099/);
  await focused(admin, at('talk.chat'));
  await decide(location, 'talk.screen', 'off');
  await decide(location, 'waiting.messages', 'off');
  await see(admin, '33-switched');

  const without = await talkWith('Olga Still');
  assert.equal(without.written, false, 'no message to who waits');
  assert.deepEqual(await hasButtons(without.guest), [false, false]);
  assert.deepEqual(await hasButtons(without.talk), [false, false]);
  await without.talk.press('c');
  assert.equal(await without.talk.has('[role=log]'), false, 'nor by its key');
  await see(without.guest, '34-no-chat-guest');
  await see.both(without.talk, '34-no-chat-staff');
  await decide(location, 'talk.screen', 'on');
  assert.deepEqual(await hasButtons(without.talk), [false, false], 'the talk stays as it began');
  await endTalk(without.talk);
  await without.talk.close();
  await without.guest.closeAll();

  await inWriting(location);
  for (const rule of ['talk.chat', 'waiting.messages']) await decide(location, rule, 'on');

  const again = await talkWith('Olga Laut');
  assert.equal(again.written, true);
  assert.deepEqual(await hasButtons(again.talk), [true, true]);
  assert.deepEqual(await hasButtons(again.guest), [true, true]);
  await say(again.guest, again.talk, 'Guten Tag');
  await endTalk(again.talk);
  await again.talk.close();
  await again.guest.closeAll();
});

// Who cannot speak, or would rather not, has no other way than the chat: it is there for them wherever it is switched off.
async function inWriting(location) {
  await decide(location, 'talk.chat', 'off');
  const { link } = await appoint(list, { name: 'Otto Schriftlich' });
  const guest = await guestAt(world.chromium, link);
  await guest.click(hook('check'));
  await guest.wait('video');
  await guest.click(hook('text'));
  await guest.click(hook('arrive'));
  await guest.wait(screen('waiting'));
  await says(guest, 'main', /Sie nehmen schriftlich teil/);
  await see(guest, '35-writes-waiting');
  const talk = await callIn(list, 'Otto Schriftlich');
  await says(guest, hook('told'), /Sie nehmen schriftlich teil/);
  await says(talk, hook('told'), /Otto Schriftlich nimmt schriftlich teil/);
  for (const [from, to, text] of [[guest, talk, 'Ich habe eine Frage.'], [talk, guest, 'Gern, welche denn?']]) {
    await from.fill(`form:has(${hook('chat-send')}) input`, text); // it is open already, on both sides
    await from.click(hook('chat-send'));
    await says(to, '[role=log]', new RegExp(text.replace(/\W$/, '')));
  }
  await see(guest, '36-writes-guest');
  await see.both(talk, '36-writes-staff');
  await endTalk(talk);
  await talk.close();
  await guest.closeAll();
}

test('who must compare the code is asked until it is done', LIMIT, async () => {
  await decide(where.service, 'code.compared', 'required');
  const { link } = await appoint(list, { name: 'Ruth Sicher' });
  const guest = await guestAt(world.chromium, link);
  await guest.wait(hook('check'));
  await goIn(guest);
  await guest.wait(screen('waiting'));
  const talk = await callIn(list, 'Ruth Sicher');
  await talk.wait(hook('code-asked'));
  const code = await talk.eval(() => document.querySelector('[data-testid=code-chip]').dataset.code);
  await until('the code is said', async () => (await talk.text(hook('code-asked'))).replaceAll(/\s/g, '').includes(code));
  await see(talk, '40-code');
  await guest.click(hook('more'));
  await guest.wait('dialog[open]');
  assert.equal(await guest.has(hook('revoke')), false, 'nothing was agreed to');
  await guest.press('Escape');
  await talk.click(hook('code-same'));
  await gone(talk, hook('code-asked'));
  await see(talk, '41-compared');
  await endTalk(talk);
  quietConsole(world.chromium, [/409 \(Conflict\)/, /422 /]);
});
