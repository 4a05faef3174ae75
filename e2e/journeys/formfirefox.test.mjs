// A form of the agency with Firefox on the guest's side: it opens, is filled in on a telephone's width, confirmed and saved.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { launchFirefox } from '../lib/firefox.mjs';
import { OWN_ADDRESS, withoutNamespace } from '../lib/network.mjs';
import { advisor, appoint, callIn, DESK, PHONE, says } from '../lib/office.mjs';
import { until } from '../lib/page.mjs';
import { bothSeeAndHear, endTalk, enterWaitingRoom, hook, screen } from '../lib/steps.mjs';
import { demoWorld, freePort, onlyOurHost, quietConsole } from '../lib/world.mjs';

let firefox, world;
after(async () => {
  await firefox?.close();
  await world?.close();
});

const question = (kind, label, more = {}) => ({ kind, label: { de: label }, required: kind === 'text', ...more });
const FORM = { title: { de: 'Antrag auf Wohngeld' }, fields: [question('text', 'Name'), question('radio', 'Wohnung', { options: [{ de: 'Miete' }, { de: 'Eigentum' }] }), question('check', 'Ich wohne allein')] };
const at = (n) => `[data-field="${n}"]`;

// Who administers the agency defines it, as the admin page does.
async function define() {
  const admin = await world.chromium.newPage(DESK);
  await admin.goto(`${world.server.url}/staff`);
  await admin.wait(screen('signin'));
  await admin.fill('input[name=email]', 'martina.lorenz@example.org');
  await admin.fill('input[type=password]', world.server.password());
  await admin.press('Enter');
  await admin.wait(screen('admin'));
  const status = await admin.eval(async (form) => {
    const { roles } = await (await fetch('/api/staff/session')).json();
    const place = roles.find(({ kind }) => kind === 'agency').place;
    return (await fetch(`/api/staff/places/${place}/forms`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ form }) })).status;
  }, FORM);
  assert.equal(status, 200);
}

test('a guest with Firefox fills in, confirms and saves a form of the agency', { timeout: 240_000, skip: withoutNamespace }, async () => {
  const media = freePort();
  const env = { VISAVIS_RELAY_UDP: `:${media}`, VISAVIS_RELAY_TCP: `:${media}`, VISAVIS_RELAY_ADVERTISE: OWN_ADDRESS };
  [world, firefox] = await Promise.all([demoWorld({ env }), launchFirefox()]);
  await define();
  const list = await advisor(world);
  const { link } = await appoint(list, { name: 'Gerda Beispiel' });
  const guest = await firefox.newPage(PHONE);
  await enterWaitingRoom(guest, link);
  const talk = await callIn(list, 'Gerda Beispiel');
  await bothSeeAndHear(guest, talk);
  await talk.click(hook('more'));
  await talk.click(hook('form-open'));
  await talk.page.locator(hook('form-own')).getByRole('button', { name: FORM.title.de }).click();
  await guest.wait(at(0));
  await guest.fill(`${at(0)} input`, 'Ayşe Öztürk-Łuk');
  await guest.click(`${at(1)} label`);
  await guest.click(`${at(2)} label`);
  await until('the advisor sees it', () => talk.eval(() => [...document.querySelectorAll('[data-field] input')].some((i) => i.value === 'Ayşe Öztürk-Łuk') && document.querySelectorAll('[data-field] input:checked').length === 2));
  await guest.shot(`${import.meta.dirname}/../results/agencyform/20-firefox-390.png`);
  await guest.click(hook('form-check'));
  await guest.wait('dialog[open]');
  await guest.click(hook('form-confirm'));
  await guest.wait(hook('form-save'), 60_000);
  const file = await guest.eval(() => [document.querySelector('[data-testid=form-save]')].map(({ href, download }) => `${href.slice(0, 5)} ${download}`)[0]);
  assert.equal(file, 'blob: Antrag auf Wohngeld ausgefüllt.pdf');
  await guest.click(hook('form-save'));
  await says(talk, hook('form-saved'), /Gerda Beispiel hat die Datei heruntergeladen/);
  await endTalk(talk);
  onlyOurHost(firefox, world.server);
  quietConsole(firefox);
});
