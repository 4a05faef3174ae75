// A talk is handed over while it goes on: to a colleague, and to another desk. Who is asked sees it above the list, whatever
// day that shows; the guest keeps seat and link, reads who comes, and nothing of before is shown to the next. And what else
// who leads it can do: close it to other devices, and put the guest out.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { album } from '../lib/album.mjs';
import { DESK, PHONE, advisor, appoint, callIn, flows, gone, guestAt, guestWaits, openDevices, sameCode, says, talkingRow } from '../lib/office.mjs';
import { look } from '../lib/looks.mjs';
import { until } from '../lib/page.mjs';
import { hook, say, screen } from '../lib/steps.mjs';
import { demoWorld, onlyOurHost, quietConsole } from '../lib/world.mjs';

const LIMIT = { timeout: 180_000 };
const see = album('transfer');
const GUEST = 'Gerda Beispiel';
let world, sabine, mehmet, aylin, guest, link, talk, second, code;

before(async () => {
  world = await demoWorld();
  [sabine, mehmet, aylin] = [await advisor(world), await advisor(world, 'mehmet'), await advisor(world, 'aylin')];
  ({ link } = await appoint(sabine, { name: GUEST }));
  guest = await guestWaits(world.chromium, link, PHONE);
  talk = await callIn(sabine, GUEST);
  await flows(guest, 'the guest');
  code = await sameCode(guest, talk);
});
after(() => world?.close());

async function pictures(page, name) {
  for (const [size, colorScheme] of [[PHONE, 'light'], [DESK, 'dark']]) {
    await look(page, { ...size, colorScheme });
    await see(page, `${name}-${size.width}`);
  }
}

const choose = (page, label) => page.page.locator('dialog[open] select').selectOption({ label });

async function request(from, to, note) {
  await from.click(hook('more'));
  await from.click(hook('transfer-open'));
  await choose(from, to);
  if (note) await from.fill('dialog[open] textarea', note);
}

test('a colleague is asked with a note while the talk goes on, and accepts', LIMIT, async () => {
  await say(guest, talk, 'Das ist nur für Frau Krüger.');
  const other = mehmet.page.getByRole('button', { name: 'Tag danach' });
  await other.click(); // whatever day the list shows
  await request(talk, 'Mehmet Aksoy', 'Es geht um die Schule.\nAusweis war da.');
  await see(talk, '01-whom');
  await talk.click(hook('transfer-send'));
  await says(talk, hook('transferring'), /Mehmet Aksoy wurde gebeten.*Seit \d\d:\d\d Uhr/s);
  await see(talk, '02-asked');
  await says(mehmet, hook('transfer-asked'), /Sabine Krüger möchte Ihnen ein Gespräch übergeben.*Gerda Beispiel.*Ausweis war da/s);
  await pictures(mehmet, '03-asked-colleague');
  assert.equal(await aylin.has(hook('transfer-asked')), false);
  assert.equal(await guest.has(hook('successor')), false, 'nothing is decided yet');
  assert.equal(await sameCode(guest, talk), code);

  await mehmet.page.locator(hook('transfer-accept')).press('Enter');
  await says(guest, hook('successor'), /Gleich spricht Mehmet Aksoy mit Ihnen\. Sabine Krüger verabschiedet sich noch/);
  await pictures(guest, '04-next-guest');
  await says(talk, hook('transferring'), /Mehmet Aksoy übernimmt das Gespräch/);
  await see(talk, '05-accepted');
  await says(mehmet, hook('transfer-asked'), /Sie übernehmen gleich/);
  await talk.reload(); // nothing of it is lost
  await talk.wait(hook('transfer-ready'));
  await flows(guest, 'the guest');
  code = await sameCode(guest, talk);
});

test('they enter once good-bye is said, and get nothing of what was said before', LIMIT, async () => {
  await talk.click(hook('transfer-ready'));
  await says(mehmet, hook('transfer-asked'), /Sabine Krüger wartet auf Sie/);
  await see(mehmet, '06-called-colleague');
  second = await mehmet.nextPopup(() => mehmet.click(hook('transfer-enter')));
  await says(guest, hook('successor'), /Mehmet Aksoy spricht jetzt mit Ihnen/);
  await says(talk, hook('farewell'), /Mehmet Aksoy hat das Gespräch mit Gerda Beispiel übernommen/);
  assert.equal(await openDevices(talk).catch(() => 0), 0, 'who has left is seen no more');
  code = await sameCode(guest, second, code);
  await flows(second, 'the colleague');
  await flows(guest, 'the guest');
  await gone(mehmet, hook('transfer-asked'));
  await second.click(hook('chat'));
  await second.wait('[role=log]');
  assert.doesNotMatch(await second.text('[role=log]'), /nur für/);
  await second.click(hook('chat'));
});

test('another desk is found by its name, declines with a reason, is asked again and enters', LIMIT, async () => {
  await request(second, 'Ein anderes Team …');
  await second.fill('dialog[open] [role=combobox]', 'muster');
  await second.wait('dialog[open] [role=option]');
  await pictures(second, '07-which-desk');
  await second.page.locator('dialog[open] [role=option]').first().click();
  await second.fill('dialog[open] textarea', 'Frage zur Ausbildung.');
  await second.click(hook('transfer-send'));
  await says(aylin, hook('transfer-asked'), /Mehmet Aksoy möchte ein Gespräch an .* übergeben.*Frage zur Ausbildung/s);
  assert.doesNotMatch(await aylin.text(hook('transfer-asked')), /Gerda/, 'no name before somebody has accepted');
  await aylin.click(hook('transfer-no'));
  await see(aylin, '09-why-not');
  await aylin.click(hook('transfer-no-busy'));
  await gone(aylin, hook('transfer-asked'));
  await says(second, hook('transferring'), /Aylin Demir kann nicht übernehmen.*selbst im Gespräch/s);
  await see(second, '10-declined');

  await second.click(hook('transfer-another'));
  await choose(second, 'Ein anderes Team …');
  await second.fill('dialog[open] [role=combobox]', 'muster');
  await second.page.locator('dialog[open] [role=option]').first().click();
  await second.click(hook('transfer-send'));
  await aylin.click(hook('transfer-accept'));
  await guest.wait(hook('successor'));
  await guest.reload();
  await says(guest, hook('successor'), /Gleich spricht Aylin Demir/);
  const third = await aylin.nextPopup(() => aylin.click(hook('transfer-enter')));
  await says(second, hook('farewell'), /Aylin Demir hat das Gespräch mit Gerda Beispiel übernommen/);
  await says(guest, hook('successor'), /Aylin Demir spricht jetzt mit Ihnen/);
  await sameCode(guest, third, code);
  await flows(third, 'the advisor of the other desk');
  await flows(guest, 'the guest');
  await aylin.wait(talkingRow(GUEST));
  await until('the row is gone from the desk of before', async () => !(await sabine.has(talkingRow(GUEST))));
  second = third;
});

test('a talk is closed to other devices, which read why, and opened again', LIMIT, async () => {
  await second.click(hook('more'));
  await second.click(hook('lock'));
  await until('it is closed', async () => (await second.text('dialog[open]')).includes('ist für andere Geräte geschlossen'));
  await see(second, '11-more');
  await second.press('Escape');
  const far = await guestAt(world.chromium, link);
  await says(far, screen('elsewhere'), /Aylin Demir hat es für andere Geräte geschlossen.*rufen Sie uns an.*030/s);
  assert.equal(await far.has(hook('takeover')), false);
  await see(far, '12-locked-out');
  await guest.reload(); // who is in the talk comes back
  await flows(guest, 'the guest');
  await second.click(hook('more'));
  await second.click(hook('lock'));
  await far.wait(hook('takeover'));
  await far.closeAll();
  await second.press('Escape');
});

test('a guest is put out after a yes, and the link says to call', LIMIT, async () => {
  await second.click(hook('more'));
  await second.click(hook('remove-open'));
  await says(second, 'dialog[open]', /Gerda Beispiel aus dem Gespräch entfernen\?.*müssen Sie das nicht hinnehmen/s);
  await pictures(second, '13-remove');
  await second.click(hook('remove-no'));
  await flows(guest, 'the guest');
  await second.click(hook('more'));
  await second.click(hook('remove-open'));
  await second.click(hook('remove-yes'));
  await says(second, hook('farewell'), /Sie haben Gerda Beispiel aus dem Gespräch entfernt/);
  await says(guest, screen('goodbye'), /Das Gespräch ist beendet.*rufen Sie uns bitte an.*030/s);
  await see(guest, '14-removed');
  const again = await guestAt(world.chromium, link);
  await says(again, screen('closed'), /Der Link gilt nicht mehr/);
  onlyOurHost(world.chromium, world.server);
  quietConsole(world.chromium, [/401 .*\/api\/staff\/session/, /404 .*\/api\/staff\/talks/]);
});
