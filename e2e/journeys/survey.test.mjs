// Three questions after a talk: asked where the office wants it, answered by keyboard, once; added up without a name, and
// told when the month is over.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { album } from '../lib/album.mjs';
import { DESK, PHONE, advisor, appoint, callIn, focused, gone, guestWaits, says } from '../lib/office.mjs';
import { bothSeeAndHear, endTalk, hook, screen } from '../lib/steps.mjs';
import { demoWorld, onlyOurHost, quietConsole } from '../lib/world.mjs';

const LIMIT = { timeout: 180_000 };
const NARROW = { width: 320, height: 640 };
const see = album('survey');
const LARGE = { 'color-contrast-enhanced': { enabled: true } };
const survey = hook('survey');
let world, list, admin, talk, guest;

before(async () => {
  world = await demoWorld();
  list = await advisor(world);
  admin = await world.chromium.newPage(DESK);
  await admin.goto(`${world.server.url}/staff`);
  await admin.wait(screen('signin'));
  await admin.fill('input[name=email]', 'martina.lorenz@example.org');
  await admin.fill('input[type=password]', world.server.password());
  await admin.press('Enter');
  await admin.wait(screen('admin'));
});
after(() => world?.close());

const sql = (statement) => execFileSync('sqlite3', [join(world.server.data, 'visavis.db'), '.timeout 5000', statement]).toString().trim();

async function allow(rule) {
  const status = await admin.eval(async (name) => {
    const me = await (await fetch('/api/staff/session')).json();
    const whole = me.roles.find((held) => held.role === 'agency_admin').place;
    return (await fetch(`/api/staff/places/${whole}/rules/${name}`, { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: '{"value":"on"}' })).status;
  }, rule);
  assert.equal(status, 200);
}

// A guest whose talk has just ended.
async function talked(name) {
  const { link } = await appoint(list, { name });
  const page = await guestWaits(world.chromium, link, PHONE);
  talk = await callIn(list, name, talk);
  await bothSeeAndHear(page, talk);
  const told = page.page.waitForResponse((answer) => answer.url().endsWith('/survey'));
  await endTalk(talk);
  await page.wait(screen('goodbye'));
  return { page, asked: (await (await told).json()).asked };
}

async function looks(page, name, rules = {}, sizes = [[PHONE, 'light'], [DESK, 'dark'], [NARROW, 'light']]) {
  for (const [size, colorScheme] of sizes) {
    await page.page.emulateMedia({ colorScheme });
    await page.page.setViewportSize(size);
    await see(page, `${name}-${size.width}-${colorScheme}`, rules);
  }
  await page.page.emulateMedia({ colorScheme: 'light' });
}

// By script: what another window of the same guest would send.
const elsewhere = (page) =>
  page.eval(async () => {
    const seat = location.hash.replace('#seat=', '');
    const path = location.pathname.replace('/t/', '/api/guest/');
    return (await fetch(`${path}/seats/${seat}/survey`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"easy":"no"}' })).status;
  });

test('nobody is asked where the office has not decided to', LIMIT, async () => {
  const { page, asked } = await talked('Gerda Beispiel');
  assert.equal(asked, false);
  await page.wait(hook('receipt'));
  assert.equal(await page.has(survey), false);
  await page.closeAll();
});

test('else the questions stand below all else, and none of them has to be answered', LIMIT, async () => {
  await allow('survey.asked');
  await allow('survey.line');
  const { page, asked } = await talked('Hanna Probe');
  guest = page;
  assert.equal(asked, true);
  await guest.wait(survey);
  await focused(guest, 'h1');
  await says(guest, survey, /freiwillig und ohne Namen.*gehören sie nicht mehr zu Ihrem Termin/s);
  await says(guest, survey, /keine Namen und nichts über Ihr Anliegen/);
  await looks(guest, '01-asked', LARGE);
  await guest.page.setViewportSize(PHONE);
});

test('whoever loads the good-bye anew before answering is still asked', LIMIT, async () => {
  await guest.reload();
  await guest.wait(screen('closed'));
  await guest.wait(survey);
  await focused(guest, 'h1');
  await looks(guest, '01-reloaded', LARGE);
  await guest.page.setViewportSize(PHONE);
});

test('by keyboard: nothing at all is refused in words, and a network that is gone loses nothing', LIMIT, async () => {
  await guest.page.locator(hook('survey-send')).focus();
  await guest.press('Enter');
  await focused(guest, `${survey} fieldset:first-of-type`);
  await says(guest, survey, /Bitte beantworten Sie mindestens eine Frage/);
  await looks(guest, '02-nothing', LARGE, [[PHONE, 'light']]);
  await guest.press('Space'); // easy: yes
  await gone(guest, `${survey} .kern-error`);
  await guest.press('Tab');
  await guest.press('Space');
  await guest.press('ArrowRight'); // again: perhaps
  await guest.press('Tab'); // to recommend, which stays open
  await guest.press('Tab');
  await focused(guest, `${survey} textarea`);
  await guest.page.keyboard.type('Der Ton war leise.');
  await guest.press('Tab');
  await guest.page.route('**/survey', (route) => route.abort());
  await guest.press('Enter');
  await guest.wait(`${survey} [role=alert]`);
  await looks(guest, '03-no-network', LARGE, [[PHONE, 'light'], [DESK, 'dark']]);
  await guest.page.setViewportSize(PHONE);
  assert.equal(await guest.eval((at) => document.querySelector(`${at} textarea`).value, survey), 'Der Ton war leise.');
  await guest.page.unroute('**/survey');
  await guest.press('Enter');
  await says(guest, survey, /Danke für Ihre Antworten/);
  await focused(guest, survey);
  await says(guest, '[aria-live=polite]', /Danke für Ihre Antworten/);
  await looks(guest, '04-thanks', LARGE);
});

test('what was said is added up, and no row ties it to the seat', LIMIT, async () => {
  assert.equal(sql('SELECT question, answer, n FROM survey_count ORDER BY question'), 'again|partly|1\neasy|yes|1');
  assert.equal(sql('SELECT COUNT(*) FROM survey_line'), '1');
  const seat = sql('SELECT seat_id FROM survey_done');
  for (const table of ['survey_count', 'survey_line']) {
    const rows = sql(`SELECT * FROM ${table}`);
    assert.ok(rows !== '' && !rows.includes(seat), table);
    assert.ok(!/seat|talk|appointment|_at\b/.test(sql(`SELECT group_concat(name) FROM pragma_table_info('${table}')`)), table);
  }
  assert.equal(sql("SELECT group_concat(name) FROM pragma_table_info('survey_done')"), 'seat_id,agency_id');
});

test('whoever comes back is not asked again, and a second answer is refused', LIMIT, async () => {
  await guest.reload();
  await guest.wait(screen('closed'));
  assert.equal(await guest.has(survey), false);
  assert.equal(await elsewhere(guest), 409);
  await guest.closeAll();
});

test('who has answered in another window is told so', LIMIT, async () => {
  const { page } = await talked('Ilse Muster');
  await page.wait(survey);
  assert.equal(await elsewhere(page), 204);
  await page.click(`${survey} label:has-text("Ja")`);
  await page.click(hook('survey-send'));
  await says(page, survey, /schon abgeschlossen. Sie müssen nichts weiter tun/);
  await focused(page, survey);
  await looks(page, '05-over', LARGE, [[PHONE, 'light']]);
  await page.closeAll();
});

test('nothing is shown of a month that goes on', LIMIT, async () => {
  sql('UPDATE survey_count SET n = n + 8');
  await admin.goto(`${world.server.url}/staff/admin/survey`);
  await says(admin, hook('survey-none'), /noch keine Ergebnisse/);
  await looks(admin, '06-none', {}, [[PHONE, 'light'], [DESK, 'light']]);
});

test('when it is over there are figures of those departments of which enough have answered', LIMIT, async () => {
  const [year, month] = sql('SELECT DISTINCT month FROM survey_count').split('-').map(Number);
  const last = new Date(Date.UTC(year, month - 2, 1)).toISOString().slice(0, 7);
  const own = sql('SELECT DISTINCT department_id FROM survey_count');
  sql(`UPDATE survey_count SET month = '${last}'; UPDATE survey_line SET month = '${last}'`);
  const few = sql(`SELECT id FROM department WHERE id <> '${own}' LIMIT 1`);
  const many = 'third'; // the demonstration has two
  sql(`INSERT INTO department (id, agency_id, name, code) SELECT '${many}', agency_id, 'Jugendhilfe', 'JH' FROM department WHERE id = '${own}'`);
  for (const [department, n] of [[few, 3], [many, 6]])
    sql(`INSERT INTO survey_count SELECT agency_id, id, '${last}', 'easy', 'yes', ${n} FROM department WHERE id = '${department}'`);
  await admin.reload();
  await admin.wait(hook('survey-month'));
  await says(admin, hook('survey-hidden'), /weniger als 5 Gäste/);
  const rows = await admin.eval(() => [...document.querySelectorAll('[data-testid=survey-month] tbody tr')].map((row) => row.innerText));
  assert.equal(rows.length, 4);
  assert.match(rows[0], /ganze Behörde.*18\sja, 0\steils, 9\snein/s);
  assert.equal(rows.slice(1).filter((row) => /9\sja, 0\steils, 9\snein/.test(row)).length, 1, 'the department with enough');
  assert.equal(rows.slice(1).filter((row) => /[36]\sja/.test(row)).length, 0, 'three, and what would tell of them');
  await looks(admin, '07-figures', {}, [[PHONE, 'light'], [DESK, 'light'], [DESK, 'dark']]);
  await admin.click(hook('survey-read'));
  await focused(admin, hook('survey-lines'));
  await says(admin, hook('survey-lines'), /Der Ton war leise\./);
  await looks(admin, '08-lines', {}, [[PHONE, 'light'], [DESK, 'light']]);
  quietConsole(world.chromium, [/409 \(Conflict\).*\/survey/, /Failed to load resource.*\/survey/, /ERR_FAILED/]);
  onlyOurHost(world.chromium, world.server);
});
