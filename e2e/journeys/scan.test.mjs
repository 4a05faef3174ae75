// A file of the guest, looked at for viruses by a real clamd after it has arrived: offered where the agency wants it, told
// to both sides, and gone where something was found.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { album } from '../lib/album.mjs';
import { startClamd, VIRUS } from '../lib/clamd.mjs';
import { DESK, PHONE, advisor, appoint, callIn, guestWaits, says } from '../lib/office.mjs';
import { look } from '../lib/looks.mjs';
import { bothSeeAndHear, endTalk, hook, screen } from '../lib/steps.mjs';
import { demoWorld, onlyOurHost, quietConsole } from '../lib/world.mjs';

const LIMIT = { timeout: 180_000 };
const see = album('scan');
let clamd, world, list, guest, talk;

before(async () => {
  clamd = await startClamd();
  world = await demoWorld({ env: { VISAVIS_SCANNER_CLAMD: clamd.address } });
  await allow();
  list = await advisor(world);
  const { link } = await appoint(list, { name: 'Gerda Beispiel' });
  guest = await guestWaits(world.chromium, link, PHONE);
  talk = await callIn(list, 'Gerda Beispiel');
  await bothSeeAndHear(guest, talk);
});
after(async () => {
  await world?.close();
  await clamd?.close();
});

// The rule is decided as the page of the administration does it, without its fields.
async function allow() {
  const admin = await world.chromium.newPage();
  await admin.goto(`${world.server.url}/staff`);
  await admin.wait(screen('signin'));
  await admin.fill('input[name=email]', 'martina.lorenz@example.org');
  await admin.fill('input[type=password]', world.server.password());
  await admin.press('Enter');
  await admin.wait(screen('admin'));
  const status = await admin.eval(async () => {
    const me = await (await fetch('/api/staff/session')).json();
    const whole = me.roles.find((held) => held.role === 'agency_admin').place;
    return (await fetch(`/api/staff/places/${whole}/rules/talk.scan`, { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: '{"value":"on"}' })).status;
  });
  assert.equal(status, 200);
  await admin.closeAll();
}

const line = (name) => `${hook('file')}:has-text("${name}")`;
const press = (page, name, step) => page.click(`${line(name)} ${hook(`file-${step}`)}`);
const offer = (page, name, content) => page.page.locator(`${hook('files')} input[type=file]`).setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(content) });

async function arrives(name, content) {
  await offer(guest, name, content);
  await press(talk, name, 'accept');
  await talk.wait(`${line(name)}[data-state=here]`);
}

async function seen(page, name) {
  for (const [size, colorScheme] of [[PHONE, 'light'], [DESK, 'dark']]) {
    await look(page, { ...size, colorScheme });
    await see(page, `${name}-${size.width}`);
  }
}

test('the guest reads beforehand that files may be checked, and what that means', LIMIT, async () => {
  await guest.click(hook('more'));
  await guest.click(hook('files-open'));
  await says(guest, hook('files-scanned'), /kann Sabine Krüger vom Virenscanner der Behörde prüfen lassen.*verlassen sie die verschlüsselte Verbindung/);
  await seen(guest, '01-guest');
  await look(guest, PHONE);
});

test('nothing is checked before the advisor asks for it, and then the scanner\'s answer stands there', LIMIT, async () => {
  await arrives('Brief.txt', 'Guten Tag, anbei mein Brief.');
  await says(talk, line('Brief.txt'), /geht an den Virenscanner Ihrer Behörde/);
  await seen(talk, '02-offered');
  await press(talk, 'Brief.txt', 'scan');
  await says(talk, line('Brief.txt'), /Der Virenscanner hat nichts gefunden/);
  assert.equal(await talk.has(`${line('Brief.txt')} ${hook('file-save')}`), true);
  await seen(talk, '03-clean');
  assert.equal(await talk.has(hook('files-scanned')), false, 'that is for guests');
});

test('where something is found the file is gone, and cannot be saved', LIMIT, async () => {
  await arrives('Rechnung.txt', `Sehr geehrte Damen und Herren, ${VIRUS}`);
  await talk.page.locator(`${line('Rechnung.txt')} ${hook('file-scan')}`).press('Enter');
  await says(talk, line('Rechnung.txt'), /etwas gefunden\. Sie wurde verworfen.*Gefunden wurde: Visavis\.Test/s);
  for (const step of ['save', 'look', 'scan']) assert.equal(await talk.has(`${line('Rechnung.txt')} ${hook(`file-${step}`)}`), false, step);
  await seen(talk, '04-found');
});

test('a scanner that has gone is told, and the file stays as it was', LIMIT, async () => {
  await arrives('Notiz.txt', 'Nur eine Notiz.');
  await clamd.stop();
  await press(talk, 'Notiz.txt', 'scan');
  await says(talk, line('Notiz.txt'), /Der Virenscanner Ihrer Behörde antwortet nicht/);
  assert.equal(await talk.has(`${line('Notiz.txt')} ${hook('file-save')}`), true);
  assert.equal(await talk.has(`${line('Notiz.txt')} ${hook('file-scan')}`), true, 'it can be tried again');
  await see(talk, '05-down');
});

test('of all that the audit knows who had a file checked, and nothing of it', LIMIT, async () => {
  const entries = execFileSync('sqlite3', [join(world.server.data, 'visavis.db'), "SELECT detail FROM audit_entry WHERE act = 'file.scanned'"]).toString().trim().split('\n');
  assert.deepEqual(entries, ['role=advisor', 'role=advisor', 'role=advisor']);
  await endTalk(talk);
  onlyOurHost(world.chromium, world.server);
  quietConsole(world.chromium, [/503 .*\/scan/]);
});
