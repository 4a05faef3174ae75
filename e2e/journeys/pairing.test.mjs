// Who works at a desktop without a camera pairs a telephone by a code: the list stays at the desktop, sound and picture run on
// the telephone, as the same person. The list leads: it admits, says where the telephone is, ends the talk, goes on in its place.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { album } from '../lib/album.mjs';
import { DESK, PHONE, advisor, appoint, flows, focused, gone, goIn, guestAt, guestWaits, openDevices, sameCode, says, talkingRow, waitingRow } from '../lib/office.mjs';
import { look } from '../lib/looks.mjs';
import { until } from '../lib/page.mjs';
import { hook, screen } from '../lib/steps.mjs';
import { demoWorld, onlyOurHost, quietConsole, secretStaysInTheFragment } from '../lib/world.mjs';

const LIMIT = { timeout: 180_000 };
const see = album('pairing');
const GUEST = 'Gerda Beispiel';
const SECOND = 'Kurt Beispiel';
let world, list, phone, guest, talk, link;

before(async () => {
  world = await demoWorld();
  list = await advisor(world);
});
after(() => world?.close());

async function pictures(page, name) {
  for (const [size, colorScheme] of [[PHONE, 'light'], [DESK, 'dark']]) {
    await look(page, { ...size, colorScheme });
    await see(page, `${name}-${size.width}`);
  }
}

// The address that the code says.
async function code() {
  await list.click(hook('pair-open'));
  await list.wait(`${hook('pair-dialog')} svg[role=img]`);
  return list.eval(() => document.querySelector('[data-testid=pair-link]').textContent.trim());
}

// Time cannot be turned, but a code can be made two minutes older.
function outdate({ server }) {
  execFileSync('sqlite3', [join(server.data, 'visavis.db'), '.timeout 5000', 'UPDATE staff_pairing SET until_at = until_at - 120000']);
}

const tracks = (page) => page.eval(() => (globalThis.keptTracks ?? []).filter((track) => track.readyState === 'live').length);

test('a code makes a telephone a device by a click, once; the list says so', LIMIT, async () => {
  await pictures(list, '01-list');
  link = await code();
  assert.match(link, /^https?:\/\/.+\/staff\/device#[\w-]+\.[\w-]{22,}$/);
  await pictures(list, '02-code');
  await look(list, { ...DESK, colorScheme: 'light' });
  phone = await guestAt(world.chromium, link, PHONE);
  await phone.wait(hook('pair'));
  await see(phone, '03-asked');
  assert.deepEqual(await phone.context.cookies(), [], 'to open the page changes nothing');
  await phone.click(hook('pair'));
  await says(phone, 'main', /Dieses Gerät überträgt Bild und Ton für die Gespräche von Sabine Krüger/);
  await gone(list, 'dialog[open]');
  await says(list, hook('paired'), /gekoppelten Gerät \(Chrome auf Linux/);
  await see(phone, '04-check');
  assert.equal(await tracks(phone), 0, 'no camera before the click');
  await phone.click(hook('device-check'));
  await says(phone, 'main', /Kamera und Mikrofon sind bereit/);
  await pictures(phone, '05-ready');
  await look(phone, { ...PHONE, colorScheme: 'light' });
  assert.equal(await tracks(phone), 0, 'and none while it waits');
  assert.ok((await phone.eval(() => globalThis.wakeLocksAsked)) > 0, 'the screen is kept on');
  await pictures(list, '06-paired');
  await look(list, { ...DESK, colorScheme: 'light' });

  const late = await guestAt(world.chromium, link, PHONE);
  await late.click(hook('pair'));
  await says(late, 'main', /Dieser Code gilt nicht mehr/);
  await see(late, '07-used');
  await late.closeAll();
  secretStaysInTheFragment(world.chromium, link);
});

test('the list admits, and sound and picture flow between the telephone and the guest', LIMIT, async () => {
  ({ link } = await appoint(list, { name: GUEST }));
  guest = await guestWaits(world.chromium, link, PHONE);
  const button = `${waitingRow(GUEST)} ${hook('admit')}`;
  await list.wait(button);
  await list.page.locator(button).press('Enter');
  await list.wait(`${talkingRow(GUEST)} ${hook('talk-device')}`);
  await focused(list, `[data-row]:has-text("${GUEST}")`);
  assert.equal(list.context.pages().length, 1, 'no window opens at the desktop');
  await phone.wait(screen('talk'));
  await flows(guest, 'the guest');
  await flows(phone, 'the telephone');
  await sameCode(guest, phone);
  assert.equal(await tracks(list), 0, 'the desktop has neither camera nor microphone');
  await says(list, talkingRow(GUEST), /Läuft auf Ihrem gekoppelten Gerät/);
  assert.equal(await phone.has(hook('end')), false, 'the talk is led from the desktop');
  await see(phone, '08-talk');
  await phone.click(hook('more'));
  await phone.wait('dialog[open]');
  for (const what of ['transfer-open', 'remove-open']) assert.equal(await phone.has(hook(what)), false, what);
  await see(phone, '09-more');
  await phone.press('Escape');
  await pictures(list, '10-list-talking');
  await look(list, { ...DESK, colorScheme: 'light' });
  // What the device's session opens beside the talk: nothing.
  const statuses = await phone.eval(async () => {
    const asked = ['/api/staff/session', '/api/staff/account', '/api/staff/stream'];
    return Promise.all(asked.map(async (path) => (await fetch(path, { headers: { Accept: 'application/json' } })).status));
  });
  assert.deepEqual(statuses, [403, 403, 403]);
});

test('a telephone that is locked or lost is away in the list, and comes back into the talk', LIMIT, async () => {
  await phone.goto('about:blank');
  await says(list, talkingRow(GUEST), /Ihr gekoppeltes Gerät ist seit \d\d:\d\d Uhr nicht verbunden/);
  await pictures(list, '11-away');
  await look(list, { ...DESK, colorScheme: 'light' });
  await phone.goto(`${world.server.url}/staff/device`);
  await says(phone, 'main', /Ihr Gespräch wartet auf dieses Gerät/);
  await see(phone, '12-back');
  await phone.click(hook('device-check'));
  await phone.wait(screen('talk'));
  await flows(guest, 'the guest');
  await says(list, talkingRow(GUEST), /Läuft auf Ihrem gekoppelten Gerät/);
});

test('the desktop ends the talk with its outcome, and the telephone waits for the next', LIMIT, async () => {
  await list.click(`${talkingRow(GUEST)} ${hook('end-paired')}`);
  await list.wait(hook('outcome-held'));
  await pictures(list, '13-outcome');
  await look(list, { ...DESK, colorScheme: 'light' });
  await list.click(hook('outcome-held'));
  await says(list, hook('receipt'), /Ergebnis für Gerda Beispiel eingetragen/);
  await guest.wait(screen('goodbye'));
  await says(phone, 'main', /Kamera und Mikrofon sind bereit/);
  await until('the camera is closed', async () => (await openDevices(phone)) === 0);
  await gone(list, talkingRow(GUEST));
});

test('the desktop goes on in place of the telephone, which is out of the talk at once', LIMIT, async () => {
  ({ link } = await appoint(list, { name: SECOND }));
  guest = await guestAt(world.chromium, link, PHONE);
  await goIn(guest);
  await list.click(`${waitingRow(SECOND)} ${hook('admit')}`);
  await phone.wait(screen('talk'));
  await flows(guest, 'the guest');
  const before = await sameCode(guest, phone);
  talk = await list.nextPopup(() => list.click(`${talkingRow(SECOND)} ${hook('go-on-here')}`));
  await sameCode(guest, talk, before);
  await flows(guest, 'the guest');
  await flows(talk, 'the desktop');
  await says(phone, 'main', /Kamera und Mikrofon sind bereit/);
  await until('the telephone has no camera open', async () => (await openDevices(phone)) === 0);
  await list.wait(`${talkingRow(SECOND)} ${hook('rejoin')}`);
  await see(list, '14-here');

  const here = await sameCode(guest, talk);
  await list.click(`${talkingRow(SECOND)} ${hook('to-device')}`); // and back
  await says(talk, hook('farewell'), /läuft jetzt auf Ihrem gekoppelten Gerät/);
  await phone.wait(screen('talk'));
  await sameCode(guest, phone, here);
  await flows(phone, 'the telephone');
  await flows(guest, 'the guest');
  await until('the desktop has no camera open', async () => (await openDevices(talk)) === 0);
  await list.click(`${talkingRow(SECOND)} ${hook('end-paired')}`);
  await list.click(hook('outcome-held'));
  await says(phone, 'main', /Kamera und Mikrofon sind bereit/);
});

test('to unpair throws the telephone out, and a code is dead after two minutes', LIMIT, async () => {
  await list.click(hook('unpair'));
  await says(phone, hook('unpaired'), /Dieses Gerät überträgt nichts mehr/);
  await see(phone, '15-over');
  await gone(list, hook('paired'));
  const late = await code();
  outdate(world);
  await phone.goto('about:blank');
  await phone.goto(late);
  await phone.click(hook('pair'));
  await says(phone, 'main', /Dieser Code gilt nicht mehr/);
  quietConsole(world.chromium, [/410 \(Gone\).*devices\/use/, /403 \(Forbidden\).*\/api\/staff\/(session|account|stream)/, /401 .*\/api\/staff\/device/]);
  onlyOurHost(world.chromium, world.server);
});
