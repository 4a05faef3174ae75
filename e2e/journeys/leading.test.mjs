// Who leads a team names substitutes; who watches over the agency reads what happened; who runs the machines sees them.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { album, speak } from '../lib/album.mjs';
import { forDocs, gallery } from '../lib/looks.mjs';
import { advisor, appoint, DESK, focused, gone, guestWaits, PHONE, says } from '../lib/office.mjs';
import { until } from '../lib/page.mjs';
import { ADVISORS, hook, screen } from '../lib/steps.mjs';
import { demoWorld, quietConsole } from '../lib/world.mjs';

const LIMIT = { timeout: 180_000 };
const pictures = gallery('leading');
// A state in two looks, and in German again afterwards.
async function seen(page, name) {
  await pictures.staff(page, name);
  await speak(page, 'de');
}
let world;

before(async () => (world = await demoWorld()));
after(() => world?.close());

// Makes somebody of the demonstration what a role says, and nothing else.
function become(who, role, kind) {
  const email = ADVISORS[who];
  const whom = `(SELECT id FROM staff WHERE email = '${email}')`;
  const place = kind === 'agency' ? 'agency.id' : `(SELECT desk_id FROM staff_desk WHERE staff_id = ${whom} ORDER BY desk_id LIMIT 1)`;
  const statement = `
    INSERT OR IGNORE INTO staff_role (agency_id, staff_id, role, place_kind, place_id, source, from_at, given_at)
    SELECT agency.id, ${whom}, '${role}', '${kind}', ${place}, 'hand', 0, 0 FROM agency;
    DELETE FROM staff_role WHERE staff_id = ${whom} AND role <> '${role}';
    ${kind === 'agency' ? `DELETE FROM staff_desk WHERE staff_id = ${whom};` : `
      DELETE FROM staff_desk WHERE staff_id = ${whom} AND desk_id NOT IN (SELECT place_id FROM staff_role WHERE staff_id = ${whom});
      UPDATE staff_desk SET role = '${role}' WHERE staff_id = ${whom};`}`;
  inDatabase(statement);
}

const inDatabase = (statement) =>
  execFileSync('sqlite3', [join(world.server.data, 'visavis.db'), '.timeout 5000', statement], { encoding: 'utf8' }).trim();

async function signedIn(who) {
  const page = await world.chromium.newPage(DESK);
  await page.goto(`${world.server.url}/staff`);
  await page.wait(screen('signin'));
  await page.fill('input[name=email]', ADVISORS[who] ?? who);
  await page.fill('input[type=password]', world.server.password());
  await page.click(hook('signin-submit'));
  return page;
}

test('a lead names a substitute, whose list follows at once, and ends it again', LIMIT, async () => {
  become('sabine', 'lead', 'desk');
  become('katharina', 'operator', 'agency');
  const lead = await signedIn('sabine');
  await lead.wait(screen('today'));
  await lead.goto(`${world.server.url}/staff/admin/substitutes`);
  await lead.wait(hook('substitute-form'));
  await says(lead, 'main', /vertritt hier niemand/);
  await lead.click(hook('substitute-save'));
  await focused(lead, '[role=combobox]');
  await seen(lead, '01-wrong');
  const helper = await signedIn('katharina');
  await helper.wait(screen('admin'));
  await lead.fill('[role=combobox]', 'katharina');
  await lead.wait('[role=option]:only-child:has-text("Katharina")');
  await lead.press('ArrowDown');
  await lead.press('Enter');
  await lead.press('Tab');
  await lead.click(hook('substitute-save'));
  await says(lead, hook('substitutes'), /Katharina Vogt.*bis/s);
  await focused(lead, 'h1');
  await seen(lead, '02-named');
  await forDocs(lead, 'substitutes');

  await helper.goto(`${world.server.url}/staff`);
  await helper.wait(screen('today'));
  await says(helper, hook('substituting'), /vertreten im Team .* bis/);
  await seen(helper, '03-substituting');

  await lead.click(hook('substitute-end'));
  await says(lead, 'main', /Vertretung durch Katharina Vogt ist beendet/);
  await gone(helper, hook('substituting'));
});

test('the auditor reads what happened in words, and that nothing was changed', LIMIT, async () => {
  become('jonas', 'auditor', 'agency');
  const list = await advisor(world, 'mehmet');
  const auditor = await signedIn('jonas');
  await auditor.wait(hook('audit-entries'));
  assert.equal(new URL(auditor.page.url()).pathname, '/staff/admin');
  assert.equal(await auditor.eval(() => document.querySelectorAll('nav[aria-label="Bereiche der Verwaltung"] a').length), 0, 'one part needs no tabs');
  await says(auditor, hook('audit-entries'), /Angemeldet/);
  await seen(auditor, '04-audit');
  await auditor.click(hook('chain-check'));
  await says(auditor, hook('chain'), /Ja\. Alle \d+ Einträge sind unverändert/);
  await seen(auditor, '05-whole');

  await auditor.page.locator('select').selectOption('role.given');
  await auditor.click(hook('audit-search'));
  await says(auditor, hook('audit-entries'), /^(?!.*angemeldet).*Rolle vergeben/s); // the former list stays until the new one is there
  await auditor.page.locator('select').selectOption('');
  const number = `${hook('audit-form')} input[maxlength="60"]`;
  await auditor.fill(number, 'Nr. 1');
  await auditor.click(hook('audit-search'));
  await until('the entry of that number', () => auditor.eval(() => document.querySelectorAll('[data-testid=audit-entries] li').length === 1));
  await auditor.fill(number, '');
  await auditor.fill('[role=combobox]', 'mehmet');
  await auditor.wait('[role=option]:only-child:has-text("Mehmet")');
  await auditor.press('ArrowDown');
  await auditor.press('Enter');
  await auditor.click(hook('audit-search'));
  await says(auditor, hook('audit-entries'), /Protokoll nach einer Person durchsucht.*Mehmet Aksoy/s);
  await seen(auditor, '06-person');
  await auditor.fill('[role=combobox]', '');
  await auditor.page.locator('input[type=date]').nth(0).fill('2026-11-27');
  await auditor.page.locator('input[type=date]').nth(1).fill('2026-11-26');
  await auditor.click(hook('audit-search'));
  await says(auditor, 'main', /letzte Tag liegt vor dem ersten/);
  await list.page.close();
});

// Who administers the agency gives somebody another name.
async function rename(admin, who, name) {
  const status = await admin.eval(
    async ({ who, name }) => {
      const people = '/api/staff/people';
      const send = (path, body) => fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
      const { id } = (await (await send(`${people}/search`, { text: who })).json()).people[0];
      const { version } = await (await fetch(`${people}/${id}`)).json();
      return (await send(`${people}/${id}`, { version, name })).status;
    },
    { who, name },
  );
  assert.equal(status, 200);
}

test('for how long data is kept two people decide', LIMIT, async () => {
  become('mehmet', 'protection', 'agency');
  const admin = await signedIn('martina.lorenz@example.org');
  await admin.wait(screen('admin'));
  const agency = await admin.eval(async () => (await (await fetch('/api/staff/session')).json()).roles[0].place);
  await admin.goto(`${world.server.url}/staff/admin/places/${agency}`);
  const rule = '[data-row="kept.appointments"]';
  await says(admin, rule, /90 Tage nach dem Ende/);
  await admin.click(`${rule} button`);
  await admin.fill(`${hook('rule-form')} input`, '0');
  await admin.press('Enter');
  await says(admin, hook('rule-form'), /von 1 bis 365/);
  await admin.fill(`${hook('rule-form')} input`, '30');
  await pictures.see(admin, '08-asking');
  await admin.press('Enter');
  await says(admin, rule, /90 Tage nach dem Ende.*30 Tage nach dem Ende.*Ihr Antrag vom/s);
  await focused(admin, rule);
  await seen(admin, '09-asked');

  const officer = await signedIn('mehmet');
  await officer.wait(hook('approvals-hint'));
  await seen(officer, '10-hint');
  await officer.click(`${hook('approvals-hint')} a`);
  await says(officer, hook('approval'), /30 Tage.*innerhalb einer Stunde gelöscht.*Martina Lorenz/s);
  await seen(officer, '11-approvals');
  await officer.click(hook('approval-allow'));
  await officer.wait('dialog[open]');
  await pictures.see(officer, '12-question');
  await officer.press('Escape');
  await gone(officer, 'dialog[open]');
  await focused(officer, hook('approval'));
  await officer.press('Enter');
  await officer.wait('dialog[open]');
  await officer.click(hook('approval-yes'));
  await says(officer, 'main', /Sie haben zugestimmt.*wartet nichts/s);
  await focused(officer, 'h1');
  await pictures.see(officer, '13-agreed');

  await admin.reload();
  await says(admin, rule, /^(?!.*90 Tage).*30 Tage nach dem Ende/s);
  await admin.goto(`${world.server.url}/staff/admin/approvals`);
  await admin.click(hook('ask-agency.key'));
  await admin.click(hook('approval-yes'));
  await says(admin, hook('approval'), /zweite Person/);
  await admin.click('summary');
  await seen(admin, '14-mine');

  await officer.reload();
  await officer.click(hook('approval-allow'));
  await officer.click(hook('approval-yes'));
  await says(officer, hook('approvals-agreed'), /Zugestimmt hat Mehmet.*Freigabe aufheben/s);
  await seen(officer, '14-agreed');
  await admin.reload();
  await says(admin, hook('approvals-agreed'), /Ihr Antrag vom.*Antrag zurücknehmen/s);
  await officer.click(hook('approval-end'));
  await says(officer, 'dialog[open]', /nicht mehr einverstanden/);
  await pictures.see(officer, '14-ending');
  await officer.click(hook('approval-yes'));
  await says(officer, 'main', /Die Freigabe ist aufgehoben.*wartet nichts/s);
  await focused(officer, 'h1');
  await admin.reload();
  await admin.click(hook('ask-agency.key'));
  await admin.click(hook('approval-yes'));
  await says(admin, hook('approval'), /zweite Person/);

  await rename(admin, 'mehmet', 'Mehmet A. Aksoy');
  await officer.reload();
  await says(officer, hook('approval-hindered'), /das Konto von Martina Lorenz.*nicht zustimmen\. Eine andere Person kann schon jetzt zustimmen/s);
  assert.equal(await officer.has(hook('approval-allow')), false);
  assert.equal(await officer.has(hook('approval-refuse')), true);
  await seen(officer, '15-hindered');
  await admin.click(hook('approval-back'));
  await says(admin, 'main', /Antrag ist zurückgenommen/);
});

test('who has asked is told that and why somebody declined', LIMIT, async () => {
  const [admin, officer] = [await signedIn('martina.lorenz@example.org'), await signedIn('mehmet')];
  await admin.wait(screen('admin'));
  await admin.goto(`${world.server.url}/staff/admin/approvals`);
  await admin.click(hook('ask-agency.key'));
  await admin.click(hook('approval-yes'));
  await says(admin, hook('approval'), /zweite Person/);

  await officer.wait(screen('admin'));
  await officer.goto(`${world.server.url}/staff/admin/approvals`);
  await officer.click(hook('approval-refuse'));
  await officer.fill('dialog[open] textarea', 'Bitte erst nach dem Umzug des Rechenzentrums.\nDanach gern.');
  await seen(officer, '16-declining');
  await officer.click(hook('approval-yes'));
  await says(officer, 'main', /Sie haben abgelehnt/);
  await officer.click('summary');
  await says(officer, 'main', /Abgelehnt hat Mehmet.*Begründung: Bitte erst nach dem Umzug/s);

  await admin.goto(`${world.server.url}/staff/admin`);
  await says(admin, hook('declined'), /abgelehnt: Schlüssel der Behörde sichern.*Mehmet.*Begründung: Bitte erst nach dem Umzug/s);
  await seen(admin, '17-declined');
  await admin.click(hook('declined-read'));
  await gone(admin, hook('declined'));
  await focused(admin, 'h1');
});

test('ACC-08: reception sees who waits and how late, writes and hands over, and lets nobody in', LIMIT, async () => {
  const list = await signedIn('thomas.reuter@example.org');
  await list.wait(screen('today'));
  const { id, link } = await appoint(list, { name: 'Rosa Spät' });
  const guest = await guestWaits(world.chromium, link, PHONE);
  inDatabase(`UPDATE appointment SET starts_at = starts_at - 720000, ends_at = ends_at - 720000 WHERE id = '${id}'`);
  const reception = await signedIn('renate.schulz@example.org');
  await reception.wait(screen('today'));
  const row = `${hook('waiting-row')}[data-row="${id}"]`;
  await says(reception, row, /Rosa Spät.*über den Link.*nach Beginn/s);
  assert.equal(await reception.has(hook('admit')), false, 'nobody is shown a button that is refused');
  for (const wanted of ['write', 'hand']) assert.ok(await reception.has(`${row} [data-testid="${wanted}"]`), wanted);
  await seen(reception, '18-reception');
  await forDocs(reception, 'reception');
  await says(list, hook('waiting-row'), /Rosa Spät/);
  assert.ok(await list.has(hook('admit')), 'who talks at the team has it');
  await guest.closeAll();
});

test('TEN-01: who administers a department or a location changes what lies there, and nothing beside it', LIMIT, async () => {
  const beside = { dieter: inDatabase(`SELECT id FROM desk WHERE code = 'FL-PRO'`), ewa: inDatabase(`SELECT id FROM location WHERE code <> 'MUS' LIMIT 1`) };
  const own = { dieter: inDatabase(`SELECT id FROM desk WHERE code = 'BB-MUS'`), ewa: inDatabase(`SELECT id FROM location WHERE code = 'MUS'`) };
  for (const [who, email] of [['dieter', 'dieter.paulsen@example.org'], ['ewa', 'ewa.nowak@example.org']]) {
    const admin = await signedIn(email);
    await admin.wait(`${screen('admin')} ${hook('results')}`);
    await seen(admin, `19-${who}`);
    await admin.goto(`${world.server.url}/staff/admin/places/${own[who]}`);
    await admin.wait(hook('edit'));
    await admin.goto(`${world.server.url}/staff/admin/places/${beside[who]}`);
    await says(admin, 'main', /Das dürfen Sie hier nicht|Diese Stelle verwalten andere/);
    assert.equal(await admin.has(hook('edit')), false, who);
    await seen(admin, `20-${who}-beside`);
    await admin.closeAll();
  }
});

test('the operator sees technique and numbers', LIMIT, async () => {
  become('katharina', 'operator', 'agency');
  const operator = await signedIn('katharina');
  await says(operator, 'main', /Es ist keine Störung bekannt/);
  await seen(operator, '07-health');
  await operator.click(hook('health-again'));
  await says(operator, 'main', /Stand:/);
  const see = album('leading-320');
  await operator.page.setViewportSize({ width: 320, height: 640 });
  await see(operator, 'health');
});

test('nothing loud in the console', () => quietConsole(world.chromium, [/403 .*/]));
