// Networks that let little through: only HTTPS, no UDP, or nothing that media could take. Both sides are in there.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { album } from '../lib/album.mjs';
import { SERVER_ADDRESS, pluggedNetwork, withoutNamespace } from '../lib/network.mjs';
import { PHONE, advisor, appoint, callIn, flows, gone, guestWaits, sameCode, says } from '../lib/office.mjs';
import { received } from '../lib/page.mjs';
import { bothSeeAndHear, endTalk, hook, say, screen } from '../lib/steps.mjs';
import { demoWorld, onlyOurHost, quietConsole } from '../lib/world.mjs';

const see = album('paths').both;
const options = { timeout: 180_000, skip: withoutNamespace };
let world, network, media;

before(async () => {
  if (withoutNamespace) return;
  network = await pluggedNetwork();
  // The only browser is the one in the other network.
  world = await demoWorld({ host: SERVER_ADDRESS, tls: true, // Nobody can be asked to trust a certificate of TURN, so this browser trusts all.
    browser: { executablePath: network.chromium, args: ['--ignore-certificate-errors'] }, env: { VISAVIS_RELAY_ADVERTISE: SERVER_ADDRESS } });
  media = world.server.env.VISAVIS_RELAY_UDP.slice(1);
  network.block('udp');
  network.block('tcp', media);
});
after(async () => {
  await world?.close();
  network?.close();
});

async function talking(name, more) {
  const list = await advisor(world);
  const { link } = await appoint(list, { name, ...more });
  const guest = await guestWaits(world.chromium, link);
  return { list, guest, talk: await callIn(list, name) };
}

async function over({ list, guest, talk }) {
  await endTalk(talk);
  await guest.wait(screen('goodbye'));
  for (const page of [list, guest]) await page.closeAll();
}

// Every candidate that a page knows of the other side is the relay, and this is how it gets there.
function onlyTheRelay(now, way) {
  for (const who of ['guest', 'advisor']) {
    assert.ok(now[who].remotes.length > 0);
    for (const remote of now[who].remotes) assert.match(remote, new RegExp(`^${SERVER_ADDRESS}:${media}/`), `${who} sees ${remote}`);
    assert.deepEqual(now[who].ways, [way], `the way of the ${who}`);
  }
}

const words = { udp: /Direkter Weg \(UDP\)\s+gesperrt/, tcp: /Umweg \(TCP\)\s+gesperrt/, tls: /Gesicherter Umweg \(TLS\)\s+offen, \d+ ms/ };

test('only HTTPS gets through: a whole talk over TURN, and the test page says which way is left', options, async () => {
  const trial = await world.chromium.newPage(PHONE);
  await trial.goto(`${world.server.url}/test`);
  await trial.click(hook('test-paths')); // takes its time for the ways that are closed

  const begun = Date.now();
  const both = await talking('Hatice Bücherei');
  const now = await bothSeeAndHear(both.guest, both.talk);
  console.log(`# seen and heard ${Date.now() - begun} ms after signing in`);
  onlyTheRelay(now, 'turn tls');
  await sameCode(both.guest, both.talk);
  await say(both.guest, both.talk, 'Ich sitze in der Bücherei.');
  await flows(both.guest, 'the guest');
  await flows(both.talk, 'the advisor');

  await trial.wait(`${hook('test-network')}[data-state=done]`, 40_000);
  for (const wanted of [...Object.values(words), /Ihr Termin wird funktionieren\.\s+Ihr Netz lässt nur einen Umweg zu/]) await says(trial, hook('test-network'), wanted);
  await see(trial, '01-test-detour');
  await trial.closeAll();
  await over(both);
});

test('the detour is switched off: no picture, and both sides are told so and offered the telephone', options, async () => {
  await world.server.kill('SIGTERM');
  world.server.env.VISAVIS_RELAY_TURN = 'false';
  await world.server.start();
  const both = await talking('Hans Firma', { phone: '030 555 0123' });
  await says(both.guest, 'main', /Wir verbinden Sie/);
  for (const page of [both.guest, both.talk]) {
    await says(page, hook('unconnected'), /Es kommt keine Verbindung zustande.*lässt das Netz.*keine Videogespräche zu.*Telefon/s);
    assert.equal(await page.has(`${hook('unconnected')} a[href^="tel:"]`), true, 'a number to call');
    assert.equal((await page.eval(received)).frames, 0);
  }
  await see(both.guest, '10-nothing-guest');
  await see(both.talk, '11-nothing-advisor');

  // One click, and the office is to call: the page shows no more of the number than its owner needs.
  const button = `${hook('unconnected')} ${hook('call-me')}`;
  await says(both.guest, button, /…123/);
  assert.doesNotMatch(await both.guest.text('main'), /5550123/);
  await both.guest.click(button);
  await says(both.guest, hook('call-me-noted'), /endet/);
  await says(both.talk, hook('call-asked'), /Hans Firma möchte angerufen werden.*030\s555\s01\s23/s);
  await see(both.guest, '12-call-me-noted');
  await see(both.talk, '13-call-asked');
  await both.talk.click(hook('call-asked-end'));
  assert.equal(await both.talk.eval((end) => document.querySelector(`dialog[open] ${end}`).dataset.testid, '[data-testid^=outcome-]'), 'outcome-phone', 'proposed');
  await see(both.talk, '14-proposed');
  await both.talk.press('Escape');
  await both.list.wait(`${hook('task')}:has-text("Hans Firma")`);

  // TCP is let through again: the talk comes up by itself.
  network.allow('tcp', media);
  const now = await bothSeeAndHear(both.guest, both.talk);
  onlyTheRelay(now, 'tcp');
  for (const page of [both.guest, both.talk]) await gone(page, hook('unconnected'));
  await over(both);
});

test('no number is known: the guest says one, and the advisor reads it at once', options, async () => {
  network.block('tcp', media);
  const both = await talking('Nora Neu');
  await both.guest.wait(`${hook('unconnected')} ${hook('call-me')}`);
  await both.guest.click(hook('call-me'));
  await both.guest.wait('dialog[open] input[type=tel]');
  await see(both.guest, '15-say-a-number');
  await both.guest.fill('dialog[open] input[type=tel]', '0170 111 22 33');
  await both.guest.click(hook('callback-send'));
  await says(both.guest, hook('call-me-noted'), /233 endet/);
  await says(both.talk, hook('call-asked'), /Nora Neu möchte angerufen werden.*0170\s111\s22\s33/s);
  await both.talk.click(hook('call-asked-end'));
  await both.talk.click(hook('outcome-phone'));
  await both.guest.wait(screen('goodbye'));
  for (const page of [both.list, both.guest]) await page.closeAll();
  network.allow('tcp', media);
});

test('no UDP: a talk over TCP', options, async () => {
  const both = await talking('Theo Gastnetz');
  onlyTheRelay(await bothSeeAndHear(both.guest, both.talk), 'tcp');
  await sameCode(both.guest, both.talk);
  await over(both);
});

test('nothing but our own host was asked, and the console stayed quiet', { skip: withoutNamespace }, () => {
  onlyOurHost(world.chromium, world.server);
  quietConsole(world.chromium, [/401 \(\).*\/api\/staff\/session/, /ERR_CONNECTION_REFUSED/]);
});
