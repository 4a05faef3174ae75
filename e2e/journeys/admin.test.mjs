// The admin pages in an agency of a thousand locations and ten thousand people: by keyboard alone, with axe in every
// state, in a narrow window and in the dark.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { album } from '../lib/album.mjs';
import { look } from '../lib/looks.mjs';
import { focused, gone } from '../lib/office.mjs';
import { importFiles, tables } from '../lib/organisation.mjs';
import { until } from '../lib/page.mjs';
import { ADVISORS, hook, screen, signIn } from '../lib/steps.mjs';
import { demoWorld, onlyOurHost, quietConsole } from '../lib/world.mjs';

const ADMIN = 'martina.lorenz@example.org';
const search = 'input[type=search]';

let world;
let page;
let see;

before(async () => {
  world = await demoWorld();
  const took = importFiles(world.server, tables());
  console.log(`# 1000 locations, 1000 teams and 10000 people imported in ${took} ms`);
  page = await world.chromium.newPage();
  see = album('admin');
});
after(() => world?.close());

// Goes on by the tabulator until it is there.
async function tabTo(on, selector, most = 40) {
  for (let i = 0; i < most; i++) {
    await on.press('Tab');
    if (await on.has(`${selector}:focus`)) return;
  }
  throw new Error(`the tabulator does not reach ${selector}`);
}

// The same state in a window of a telephone's width, and wide again afterwards.
async function narrow(name) {
  await look(page, { width: 390 });
  await see(page, `${name}-390`);
  await look(page, { width: 1280 });
}

const type = (text) => page.page.keyboard.type(text);
const heading = (text) => page.wait(`h1:has-text("${text}")`);
const voice = (wanted) =>
  until(`"${wanted}" is read out`, () => page.eval((text) => [...document.querySelectorAll('[role=status], [role=alert]')].some((e) => e.textContent.includes(text)), wanted));

// In the next field that finds a place while one types; what it returns takes it.
async function pick(typed, wanted) {
  await tabTo(page, '[role=combobox]');
  await type(typed);
  await page.wait(`[role=option]:only-child:has-text("${wanted}")`);
  await page.press('ArrowDown');
  await page.wait('[role=option][aria-selected=true]');
  return () => page.press('Enter');
}

test('who administers lands there, and finds one of a thousand locations by keyboard alone', async () => {
  await page.goto(`${world.server.url}/staff`);
  await page.wait(screen('signin'));
  await page.fill('input[name=email]', ADMIN);
  await page.fill('input[type=password]', world.server.password());
  await page.press('Enter');
  await page.wait(`${screen('admin')} ${hook('results')}`);
  assert.equal(new URL(page.page.url()).pathname, '/staff/admin');
  assert.equal(await page.eval(() => document.querySelectorAll('[data-testid=results] li').length), 50, 'never loaded whole');
  await see(page, 'locations');

  await tabTo(page, search);
  await type('gibt es nicht');
  await page.wait(hook('no-results'));
  await voice('Keine Treffer');
  await see(page, 'nothing-found');
  await page.press('Control+a');
  await type('LINDENAU 7');
  await page.wait('[data-testid=results] li:first-child:has-text("Lindenau 7")');
  await voice('11 Treffer');
  await see(page, 'found');
  await tabTo(page, '[data-testid=results] li:first-child a');
  await page.press('Enter');
  await heading('Bürgerhaus Lindenau 7');
  await focused(page, 'h1');
  await page.wait(`${hook('results')} a`);
  await see.both(page, 'location');
});

test('what was found stands there again on the way back, and more of a list comes by a key', async () => {
  await page.back();
  await heading('Standorte');
  assert.equal(await page.page.inputValue(search), 'LINDENAU 7');
  await tabTo(page, search);
  await page.press('Control+a');
  await page.press('Delete');
  await page.wait(hook('more-results'));
  await page.page.locator(hook('more-results')).focus();
  await page.press('Enter');
  await page.wait('[data-testid=results] li:nth-child(100)');
  await focused(page, '[data-testid=results] li:nth-child(51)');
});

test('a team is made where it belongs; what is wrong stands at its field, and nothing typed is lost', async () => {
  await page.fill(search, 'lindenau 7');
  await page.wait('[data-testid=results] li:first-child:has-text("Lindenau 7")');
  await page.click('[data-testid=results] li:first-child a');
  await page.wait(hook('edit'));
  await tabTo(page, 'a[href*="new/desks"]');
  await page.press('Enter');
  await page.wait(hook('place-form'));
  await heading('Team anlegen');
  await tabTo(page, 'input[name=name]');
  await type('Elterngeld Lindenau');
  await tabTo(page, 'input[name=code]');
  await type('T0001');
  const choose = await pick('jugend', 'Jugendamt');
  await see(page, 'team-department');
  await choose();
  await tabTo(page, hook('save'));
  await page.press('Enter');
  await focused(page, 'input[name=code]');
  assert.match(await page.text(hook('place-form')), /Das Kürzel T0001 gibt es schon/);
  assert.equal(await page.page.inputValue('input[name=name]'), 'Elterngeld Lindenau');
  await see.both(page, 'team-wrong');
  await page.press('Control+a');
  await type('ELT-7');
  await page.press('Enter');
  await heading('Elterngeld Lindenau');
  await voice('Elterngeld Lindenau ist angelegt');
  assert.match(await page.text('main'), /Bürgerhaus Lindenau 7/);
});

test('when somebody else was quicker, the page says what is stored and keeps what was typed', async () => {
  await tabTo(page, hook('edit'));
  await page.press('Enter');
  await page.wait(hook('place-form'));
  await page.fill('input[name=name]', 'Elterngeld');
  await page.eval(async () => {
    const at = `/api/staff/places/${location.pathname.split('/').pop()}`;
    const { version } = await (await fetch(at)).json();
    await fetch(at, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ version, name: 'Familienkasse' }) });
  });
  await page.click(hook('save'));
  await page.wait('[role=alert]:has-text("Familienkasse")');
  assert.equal(await page.page.inputValue('input[name=name]'), 'Elterngeld');
  await see.both(page, 'somebody-was-quicker');
  await narrow('somebody-was-quicker');
  await page.click(hook('save'));
  await page.wait('[role=status]:has-text("Gespeichert")');
  await focused(page, 'h1');
});

test('a role is given by keyboard; its owner works at the team at once', async () => {
  await tabTo(page, 'a[href="/staff/admin/people"]');
  await page.press('Enter');
  await heading('Mitarbeitende');
  await page.wait(`${hook('results')} a`);
  await tabTo(page, search);
  await type('katharina.vogt');
  await page.wait('[data-testid=results] li:only-child:has-text("Katharina Vogt")');
  await see.both(page, 'people');
  await tabTo(page, '[data-testid=results] a');
  await page.press('Enter');
  await heading('Katharina Vogt');
  await tabTo(page, hook('give-begin'));
  await page.press('Enter');
  await focused(page, 'select[name=role]');
  await tabTo(page, hook('give'));
  await page.press('Enter');
  await focused(page, '[role=combobox]');
  await see(page, 'role-wrong');
  await type('elterngeld');
  await page.wait('[role=option]:only-child:has-text("Elterngeld")');
  await page.press('ArrowDown');
  await page.press('Enter');
  await page.press('Enter');
  await page.wait('[role=status]:has-text("Vergeben: Beratung im Team Elterngeld")');
  await see.both(page, 'role-given');

  const katharina = await world.chromium.newPage();
  await signIn(katharina, world.server, ADVISORS.katharina);
  await until('the team can be chosen', () => katharina.eval(() => [...document.querySelectorAll('option')].some((o) => o.textContent === 'Elterngeld')));
  assert.equal(await katharina.has('a[href="/staff/admin"]'), false, 'who only advises is not offered the administration');
  await katharina.closeAll();
});

test('a role that was taken is given back with one key, and an account is disabled after a question', async () => {
  await page.click('li:has-text("Elterngeld") button');
  await page.wait(hook('undo'));
  await gone(page, 'li:has-text("Elterngeld")');
  await see.both(page, 'role-taken');
  await page.click(hook('undo'));
  await page.wait(`${hook('roles')} li:has-text("Elterngeld")`);
  await page.click(hook('disable'));
  await page.wait('dialog[open]');
  await see(page, 'disable');
  await narrow('disable');
  await page.press('Escape');
  await focused(page, hook('disable'));
});

test('a team is closed after a question, and opened again', async () => {
  await page.goto(`${world.server.url}/staff/admin/desks`);
  await page.wait(search);
  await page.fill(search, 'ELT-7');
  await page.wait('[data-testid=results] li:only-child a');
  await page.click('[data-testid=results] a');
  await page.wait(hook('shut'));
  await page.click(hook('shut'));
  await page.wait('dialog[open]');
  await see(page, 'close');
  await narrow('close');
  await page.click(hook('shut-yes'));
  await page.wait('[role=status]:has-text("Elterngeld ist geschlossen")');
  await gone(page, 'dialog[open]');
  await see(page, 'closed');
  await page.click(hook('shut'));
  await page.wait('[role=status]:has-text("Elterngeld ist wieder offen")');
});

test('a rule that is decided for all says below where it comes from', async () => {
  await page.click('a:has-text("Jugendamt")');
  await heading('Jugendamt');
  await page.click('[data-row="offered.from"] button');
  await focused(page, hook('rule-form'));
  await page.press('ArrowDown');
  await page.click(hook('rule-save'));
  await focused(page, 'input[type=date]');
  await page.fill('input[type=date]', '2031-03-03');
  await page.click('label:has-text("Verbindlich für alle Bereiche darunter")');
  await see.both(page, 'rule');
  await page.click(hook('rule-save'));
  await voice('Gespeichert: Videotermine werden angeboten ab Montag, 3. März 2031');
  await focused(page, '[data-row="offered.from"]');
  await see.both(page, 'rules');
  await page.back();
  await page.wait('[data-row="offered.from"]:has-text("von Jugendamt festgelegt, gilt für alles darunter")');
  assert.equal(await page.has('[data-row="offered.from"] button'), false, 'nobody may decide otherwise');
  await see(page, 'rules-below');
  await page.click('a:has-text("Jugendamt")');
  await page.click('[data-row="offered.from"] button:has-text("Zurücksetzen")');
  await page.wait('[data-row="offered.from"]:has-text("Voreinstellung")');
});

const upload = (name, text) => page.page.locator('input[type=file]').setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(text) });

test('files are looked at first: mistakes by line, then what would change, then it is taken over', async () => {
  await page.goto(`${world.server.url}/staff/admin/files`);
  await page.click(hook('import-check'));
  await focused(page, 'input[type=file]');
  await see.both(page, 'files');
  await upload('locations.csv', 'code;name;city\nNEU;=1+1;Ahornberg\nL0001;;Birkenau\n');
  await page.click(hook('import-check'));
  await page.wait(`${hook('import-answer')} table`);
  const rows = await page.eval(() => [...document.querySelectorAll('tbody tr')].map((row) => row.innerText.replace(/\s+/g, ' ')));
  assert.match(rows[0], /^Standorte locations.csv 2 .*Formel/);
  assert.match(rows[1], /^Standorte locations.csv 3 .*leer/);
  await see.both(page, 'mistakes');
  await narrow('mistakes');

  await upload('locations.csv', 'code;name;city;status\nNEU;Stadtbücherei;Ahornberg;offen\nL0001;Bürgerhaus Birkenau 1;Birkenau;geschlossen\n');
  await gone(page, `${hook('import-answer')} table`);
  await page.click(hook('import-check'));
  await page.wait(hook('import-take'));
  assert.match(await page.text(hook('import-answer')), /Standorte\s+1 neu, 1 geschlossen/);
  assert.match(await page.text('table'), /neu\s+Standort NEU\s+Name: Stadtbücherei/);
  await see.both(page, 'difference');
  await narrow('difference');
  await page.click(hook('import-take'));
  await page.wait(`${hook('import-answer')} [role=status]:has-text("Übernommen")`);
  await see(page, 'taken-over');
  await page.click('a[href="/staff/admin/locations"]');
  await page.fill(search, 'NEU');
  await page.wait('[data-testid=results] a:has-text("Stadtbücherei")');
});

test('the export comes back the same', async () => {
  await page.goto(`${world.server.url}/staff/admin/files`);
  const [download] = await Promise.all([page.page.waitForEvent('download'), page.click('a[href*="format=csv"]')]);
  assert.equal(download.suggestedFilename(), 'organisation.zip');
  const kept = join(world.server.data, 'organisation.zip');
  await download.saveAs(kept);
  await page.page.locator('input[type=file]').setInputFiles(kept);
  await page.click(hook('import-check'));
  await page.wait(`${hook('import-answer')} [role=status]:has-text("Es ist schon alles so")`);
});

for (const [name, options, paths] of [
  ['390', { width: 390, height: 844 }, ['desks', 'new/services', 'people', 'people/new', 'files']],
  ['320', { width: 320, height: 640 }, ['new/desks', 'files']],
  ['dark', { colorScheme: 'dark' }, ['people/new', 'files']],
]) {
  test(`every page holds: ${name}`, async () => {
    const other = await world.chromium.newPage(options);
    await other.context.addCookies(await page.context.cookies());
    const small = album(`admin-${name}`);
    for (const path of paths) {
      await other.goto(`${world.server.url}/staff/admin/${path}`);
      await other.wait(`${screen('admin')} h1`);
      await until('nothing is on its way', async () => !(await other.has('main .line[aria-hidden]')));
      await small(other, path.replace('/', '-'));
    }
    if (options.width) {
      assert.ok((await other.eval(() => document.querySelector('header').offsetHeight)) < 100, 'the head is one line');
      await other.click(hook('menu'));
      await small(other, 'menu');
      await other.click(hook('menu'));
      assert.ok((await other.eval(() => document.querySelector('main nav').offsetHeight)) < 60, 'the parts are one line');
      await other.click(hook('tabs-fold'));
      await small(other, 'parts');
      await other.page.keyboard.press('Escape');
      await focused(other, hook('tabs-fold'));
      await other.click(hook('tabs-fold'));
      await other.click('main nav a[href="/staff/admin/people"]');
      await focused(other, 'h1');
      assert.equal(await other.eval(() => document.querySelector('[data-testid=tabs-fold]').getAttribute('aria-expanded')), 'false');
    }
    await other.goto(`${world.server.url}/staff/admin/people`);
    await other.fill(search, 'person.0001');
    await other.wait('[data-testid=results] li:only-child');
    await other.click('[data-testid=results] a');
    await other.click(hook('give-begin'));
    await small(other, 'person');
    await other.click('[data-testid=roles] button');
    await other.wait(hook('undo'));
    await other.click(hook('undo'));
    await other.wait('[data-testid=roles] button'); // before the window goes, and the request with it
    await other.closeAll();
  });
}

test('all of a selection who have no invitation get one at once, counted and asked about first', async () => {
  await page.goto(`${world.server.url}/staff/admin/people`);
  await page.fill(search, 'person.0001');
  await page.wait('[data-testid=results] li:only-child');
  await page.click(hook('invite-many'));
  await page.wait(hook('invite-many-yes'));
  await see.both(page, 'invite-many');
  await narrow('invite-many');
  await page.click(hook('invite-many-yes'));
  await voice('1 Einladung wird verschickt');
  await see(page, 'invited-many');
  await page.click(hook('invite-many'));
  await voice('niemand, der noch eine Einladung braucht');
});

test('nothing loud in the console, and nobody else was asked', () => {
  quietConsole(world.chromium, [/40[09] \(Conflict\)|422 \(Unprocessable/]);
  onlyOurHost(world.chromium, world.server);
});
