// Somebody leaves in the agency's directory while they talk: the guest keeps the place and a colleague takes over. And a
// directory that removes too many stops and asks.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { album } from '../lib/album.mjs';
import { gallery } from '../lib/looks.mjs';
import { advisor, appoint, callIn, focused, guestWaits, says, waitingRow } from '../lib/office.mjs';
import { until } from '../lib/page.mjs';
import { ADVISORS, hook, screen } from '../lib/steps.mjs';
import { demoWorld, quietConsole } from '../lib/world.mjs';

const LIMIT = { timeout: 240_000 };
const ADMIN = 'martina.lorenz@example.org';
const pictures = gallery('directory');
let world;
let admin;
let see;
let base;
let key;

before(async () => {
  world = await demoWorld();
  see = album('directory');
});
after(() => world?.close());

const type = 'application/scim+json';

// Asks as the directory does.
async function scim(method, path, body) {
  const answer = await fetch(`${world.server.url}${new URL(base).pathname}${path}`, {
    method, headers: { authorization: `Bearer ${key}`, 'content-type': type }, body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  return { status: answer.status, body: text && JSON.parse(text) };
}

const leave = (id) => scim('PATCH', `/Users/${id}`, { Operations: [{ op: 'Replace', path: 'active', value: 'False' }] });

test('who administers the agency makes a key and says what a group gives', LIMIT, async () => {
  admin = await world.chromium.newPage();
  await admin.goto(`${world.server.url}/staff`);
  await admin.fill('input[name=email]', ADMIN);
  await admin.fill('input[type=password]', world.server.password());
  await admin.press('Enter');
  await admin.wait(screen('admin'));
  await admin.click('a[href="/staff/admin/directory"]');
  await admin.wait(hook('token-form'));
  await see.both(admin, 'empty');
  await admin.click(`${hook('token-form')} button`);
  await admin.wait(`${hook('token-form')} [aria-invalid=true]`);
  await admin.fill('input[name=label]', 'Entra ID');
  await admin.press('Enter');
  await admin.wait(`${hook('token')}:focus`);
  key = await admin.text(`${hook('token')} code`);
  base = await admin.text('main > p code');
  assert.match(key, /^vscim_/);
  await admin.fill('input[name=group]', 'Behördenleitung');
  await admin.page.selectOption('select[name=role]', 'auditor');
  await admin.click(`${hook('rule-form')} button[type=submit]`);
  await admin.wait(`${hook('group-rules')} li:has-text("Behördenleitung")`);
  await see.both(admin, 'set-up');
  assert.equal((await scim('GET', '/ServiceProviderConfig')).status, 200);
});

test('a talk passes to a colleague when who leads it leaves', LIMIT, async () => {
  const list = await advisor(world, 'sabine');
  const colleague = await advisor(world, 'mehmet');
  const { link } = await appoint(list, { name: 'Mia Bleibt' });
  const guest = await guestWaits(world.chromium, link);
  const talk = await callIn(list, 'Mia Bleibt');
  await guest.wait(screen('talk'));
  const { status, body } = await scim('POST', '/Users', { userName: ADVISORS.sabine, displayName: 'Sabine Krüger', externalId: 'oid-1', active: true });
  assert.equal(status, 201);
  const at = performance.now();
  assert.equal((await leave(body.id)).status, 200);
  await guest.wait(screen('waiting'));
  await colleague.wait(`${waitingRow('Mia Bleibt')} ${hook('passed')}`);
  await list.wait(screen('signin'));
  const took = performance.now() - at;
  console.log(`# guest waits, colleague is told, pages of who left are over after ${Math.round(took)} ms`);
  assert.ok(took < 5_000);
  await says(guest, '[role=status]', /Ihr Gespräch wurde unterbrochen|Your conversation was interrupted/);
  await says(colleague, hook('receipt'), /Mia Bleibt/);
  await pictures.guest(guest, '01-interrupted');
  await pictures.staff(colleague, '02-take-over');
  await talk?.closeAll?.();
  await callIn(colleague, 'Mia Bleibt');
  await guest.wait(screen('talk'));
});

test('a directory that removes too many stops, and asks on every page of the administration', LIMIT, async () => {
  const ids = [];
  for (let i = 0; i < 7; i++) ids.push((await scim('POST', '/Users', { userName: `p${i}@example.org`, active: true })).body.id);
  let answer;
  for (const id of ids) answer = await leave(id);
  assert.equal(answer.status, 403);
  await admin.goto(`${world.server.url}/staff/admin/people`);
  await admin.wait(hook('stopped'));
  await see.both(admin, 'stopped');
  await admin.click(hook('resume'));
  await until('the banner is gone', async () => !(await admin.has(hook('stopped'))));
  assert.equal((await leave(ids.at(-1))).status, 200);
});

test('the page holds: 390, and in the dark', LIMIT, async () => {
  for (const [name, options] of [['390', { width: 390, height: 844 }], ['320', { width: 320, height: 640 }], ['dark', { colorScheme: 'dark' }]]) {
    const other = await world.chromium.newPage(options);
    await other.context.addCookies(await admin.context.cookies());
    await other.goto(`${world.server.url}/staff/admin/directory`);
    await other.wait(hook('rule-form'));
    await album(`directory-${name}`)(other, 'directory');
    await other.closeAll();
  }
});

test('how much a directory may remove is stored by a button, and said', LIMIT, async () => {
  await admin.goto(`${world.server.url}/staff/admin/directory`);
  await admin.page.selectOption('select[name=share]', '50');
  assert.equal(await admin.has(`${hook('share-form')} [role=status]`), false);
  await admin.click(hook('share-save'));
  await says(admin, `${hook('share-form')} [role=status]`, /Gespeichert: höchstens \d+ Personen in einer Stunde/);
  await see.both(admin, 'share');
  await admin.goto(`${world.server.url}/staff/admin/directory`);
  await admin.wait(hook('share-form'));
  assert.equal(await admin.page.inputValue('select[name=share]'), '50');
});

test('what is removed is said, and reading goes on from the top', LIMIT, async () => {
  for (const [list, told] of [['group-rules', /Die Regel für Behördenleitung ist entfernt/], ['tokens', /Der Schlüssel Entra ID gilt nicht mehr/]]) {
    await admin.goto(`${world.server.url}/staff/admin/directory`);
    await admin.click(`${hook(list)} button`);
    if (list === 'tokens') {
      await says(admin, 'dialog[open]', /Schlüssel Entra ID widerrufen\?.*sofort keinen Zugang mehr/s);
      await see(admin, 'revoke');
      await admin.click(hook('revoke-no'));
      await admin.wait(`${hook(list)} button:focus`); // nothing is done
      await admin.click(`${hook(list)} button`);
      await admin.click(hook('revoke-yes'));
    }
    await focused(admin, 'h1');
    await until(`${told} is said`, async () => told.test(await admin.eval(() => [...document.querySelectorAll('[aria-live]')].map((node) => node.textContent).join())));
  }
});

// The guest's page may have had a word for the talk that has just passed on.
test('nothing loud in the console', () => quietConsole(world.chromium, [/40[0139] |401|409|404 .*\/signal/]));
