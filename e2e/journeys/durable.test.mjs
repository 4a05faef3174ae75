// The seat is durable, seen from the guest: reload, a second tab, another device, a browser that dies, and going away
// on purpose. After each, both sides' screens say what is true.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { album } from '../lib/album.mjs';
import { launchChromium } from '../lib/chromium.mjs';
import { DESK, advisor, appoint, callIn, flows, goIn, gone, guestAt, guestWaits, missingRow, nextRow, openDevices, rowOf, sameCode, says, showsFace, talkingRow, waitingRow } from '../lib/office.mjs';
import { until } from '../lib/page.mjs';
import { endTalk, hook, say, screen } from '../lib/steps.mjs';
import { demoWorld, quietConsole } from '../lib/world.mjs';

const LIMIT = { timeout: 180_000 };
const LONG = process.env.VISAVIS_TEST_LONG === '1';
const see = album('durable').both;
// States that other journeys show as well: pictures of them are for make test-long.
const glance = LONG ? see : () => {};
let world;

before(async () => (world = await demoWorld()));
after(() => world?.close());

// A journey with an advisor at the list, and all windows closed at its end.
function journey(name, run, who = 'sabine') {
  test(name, LIMIT, async () => {
    const list = await advisor(world, who);
    try {
      await run(list);
    } finally {
      for (const context of world.chromium.browser.contexts()) await context.close();
    }
  });
}

journey('a guest who waits reloads, and opens a second tab: the place and the time of arrival stay', async (list) => {
  const { link } = await appoint(list, { name: 'Rita Neuladen' });
  const guest = await guestWaits(world.chromium, link);
  await list.wait(waitingRow('Rita Neuladen'));
  const { seat } = await rowOf(list, 'Rita Neuladen');

  await guest.reload();
  await guest.wait(screen('waiting'));
  await until('she is seen as there again', async () => (await rowOf(list, 'Rita Neuladen')).seat.awaySince === undefined);
  assert.equal((await rowOf(list, 'Rita Neuladen')).seat.arrivedAt, seat.arrivedAt);
  assert.doesNotMatch(await list.text(waitingRow('Rita Neuladen')), /nicht verbunden/);

  // The newer tab takes over without a click: it is the same browser. The older one is told, and can have it back.
  const second = await guest.tab();
  await second.goto(link);
  await second.wait(screen('waiting'));
  await guest.wait(screen('taken-over'));
  await see(guest, '01-taken-over');
  assert.equal(await openDevices(guest), 0, 'camera and microphone of the older tab are off');
  assert.equal((await rowOf(list, 'Rita Neuladen')).seat.arrivedAt, seat.arrivedAt);
  await guest.click(hook('takeover'));
  await guest.wait(screen('check'));
  await guest.click(hook('arrive'));
  await guest.wait(screen('waiting'));
  await second.wait(screen('taken-over'));

  const talk = await callIn(list, 'Rita Neuladen');
  await flows(guest, 'the guest');
  await flows(talk, 'the advisor');
  await sameCode(guest, talk);
  await endTalk(talk);
  await guest.wait(screen('goodbye'));
});

journey('the browser\'s way back: a step in the check, a question in the waiting room and in the talk', async (list) => {
  const { link } = await appoint(list, { name: 'Zora Zurück' });
  const guest = await guestAt(world.chromium, link);
  await guest.wait(screen('landing'));
  await guest.click(hook('check'));
  await guest.wait('video');
  await guest.back();
  await guest.wait(screen('landing'));
  assert.equal(await openDevices(guest), 0, 'nobody checks any more');

  await goIn(guest);
  await guest.wait(screen('waiting'));
  await list.wait(waitingRow('Zora Zurück'));
  const { seat } = await rowOf(list, 'Zora Zurück');
  for (const answer of ['stay', 'Escape']) {
    await guest.back();
    await guest.wait('dialog[open]');
    assert.match(await guest.text('dialog[open]'), /Warteraum verlassen\?/);
    if (answer === 'stay') await see(guest, '11-back-waiting');
    await (answer === 'stay' ? guest.click(hook('stay')) : guest.press('Escape'));
    await gone(guest, 'dialog[open]');
    await guest.wait(screen('waiting'));
  }
  assert.deepEqual(await guest.eval(() => [location.search, location.hash.split('=')[0]]), ['', '#seat']);

  // Who gets away all the same, and comes back, is where she was.
  await guest.goto('about:blank');
  await guest.back();
  await guest.wait(screen('waiting'));
  assert.equal((await rowOf(list, 'Zora Zurück')).seat.arrivedAt, seat.arrivedAt);

  await callIn(list, 'Zora Zurück');
  await flows(guest, 'the guest');
  await guest.back();
  await guest.wait('dialog[open]');
  assert.match(await guest.text('dialog[open]'), /Gespräch verlassen\?/);
  await flows(guest, 'the guest, who is asked');
  await guest.press('Escape');
  await guest.goto('about:blank');
  await guest.back();
  await guest.wait(screen('talk'));
  await flows(guest, 'the guest, who is back');

  // Going needs the server, too: while it cannot be reached, the talk goes on, and the question says why.
  await guest.back();
  await guest.context.route('**/leave', (route) => route.abort());
  await guest.click(hook('leave-really'));
  await says(guest, 'dialog[open]', /Wir erreichen die Behörde gerade nicht/);
  await see(guest, '12-leave-in-vain');
  await flows(guest, 'the guest, who could not go');
  await guest.context.unroute('**/leave');
  await guest.click(hook('leave-really'));
  await guest.wait(screen('landing'));
});

journey('a reload in the talk, of either side, and a second tab: media are back, with a new code on both screens', async (list) => {
  const { link } = await appoint(list, { name: 'Tom Gespräch' });
  const guest = await guestWaits(world.chromium, link);
  const talk = await callIn(list, 'Tom Gespräch');
  await flows(guest, 'the guest');
  const first = await sameCode(guest, talk);
  await says(list, talkingRow('Tom Gespräch'), /Sabine Krüger/);
  await say(guest, talk, 'Meine Nummer ist 4711.');
  await say(talk, guest, 'Danke, notiert.');
  const written = async (page) => {
    await page.click(hook('chat'));
    await says(page, '[role=log]', /4711[^]*notiert/);
    const log = await page.text('[role=log]');
    await page.click(hook('chat'));
    return log;
  };
  const [guestReads, advisorReads] = [await written(guest), await written(talk)];

  await guest.reload();
  await guest.wait(screen('talk'));
  const second = await sameCode(guest, talk, first);
  assert.equal(await written(guest), guestReads, 'what was written is back after the reload');
  await flows(guest, 'the guest after the reload');
  await flows(talk, 'the advisor after the guest\'s reload');
  assert.doesNotMatch(await talk.text(hook('told')), /kein Bild/, 'the camera is back');

  await talk.reload();
  await talk.wait(screen('talk'));
  const third = await sameCode(guest, talk, second);
  assert.equal(await written(talk), advisorReads, 'the advisor, too, reads again what was written');
  await flows(talk, 'the advisor after the own reload');
  await flows(guest, 'the guest after the advisor\'s reload');

  const tab = await guest.tab();
  await tab.goto(link);
  await tab.wait(screen('talk'));
  await guest.wait(screen('taken-over'));
  assert.equal(await openDevices(guest), 0);
  await sameCode(tab, talk, third);
  await flows(tab, 'the guest in the second tab');
  await flows(talk, 'the advisor');
  await endTalk(talk);
  await tab.wait(screen('goodbye'));
  await gone(list, talkingRow('Tom Gespräch'));
});

journey('the advisor\'s window, reloaded in the moment in which the talk begins, is back in the talk', async (list) => {
  const { link } = await appoint(list, { name: 'Resi Vorschnell' });
  const guest = await guestWaits(world.chromium, link);
  const talk = await callIn(list, 'Resi Vorschnell');
  await talk.wait(screen('talk'));
  await talk.reload();
  await talk.wait(screen('talk'));
  await flows(talk, 'the advisor');
  await flows(guest, 'the guest');
  await endTalk(talk);
  await talk.reload();
  await talk.wait(screen('ready'));
});

journey('a connection that never comes about is begun anew, though the first try is lost, too', async (list) => {
  const { link } = await appoint(list, { name: 'Nora Nochmal' });
  const guest = await guestWaits(world.chromium, link);
  await guest.eval(() => {
    const original = RTCPeerConnection.prototype.setRemoteDescription;
    RTCPeerConnection.prototype.setRemoteDescription = async function (description) {
      RTCPeerConnection.prototype.setRemoteDescription = original;
      await original.call(this, description);
      this.close();
    };
  });
  await guest.context.route('**/prepare', (route) => route.abort(), { times: 1 });
  const talk = await callIn(list, 'Nora Nochmal');
  await flows(guest, 'the guest');
  await flows(talk, 'the advisor');
  await sameCode(guest, talk);
  await endTalk(talk);
});

journey('another device while waiting: it takes over after a click, and the old one is told', async (list) => {
  const { link } = await appoint(list, { name: 'Vera Zweitgerät' });
  const first = await guestWaits(world.chromium, link);
  await list.wait(waitingRow('Vera Zweitgerät'));
  const { arrivedAt } = (await rowOf(list, 'Vera Zweitgerät')).seat;

  const dying = await launchChromium();
  try {
    const second = await guestAt(dying, link);
    await second.wait(screen('elsewhere'));
    await see(second, '10-elsewhere');
    await first.wait(screen('waiting')); // looking takes nothing away
    await second.click(hook('takeover'));
    await second.wait(screen('check'));
    await second.click(hook('arrive'));
    await second.wait(screen('waiting'));
    await first.wait(screen('taken-over'));
    assert.equal(await openDevices(first), 0);
    assert.equal((await rowOf(list, 'Vera Zweitgerät')).seat.arrivedAt, arrivedAt);
    await dying.kill();
  } finally {
    await dying.kill();
  }

  // The second device has died. The place stays, the list says so, and the first device goes on.
  await says(list, waitingRow('Vera Zweitgerät'), /nicht verbunden seit/);
  await glance(list, '11-away');
  await first.click(hook('takeover'));
  await first.wait(screen('check'));
  await first.click(hook('arrive'));
  await first.wait(screen('waiting'));
  await until('she is back in the list', async () => !/nicht verbunden/.test(await list.text(waitingRow('Vera Zweitgerät'))));
  assert.equal((await rowOf(list, 'Vera Zweitgerät')).seat.arrivedAt, arrivedAt);
});

journey('another device in the talk needs the advisor\'s yes, and gets a new code', async (list) => {
  const { link } = await appoint(list, { name: 'Uwe Wechsel' });
  const dying = await launchChromium();
  try {
    const guest = await guestWaits(dying, link);
    const talk = await callIn(list, 'Uwe Wechsel');
    await flows(talk, 'the advisor');
    const code = await sameCode(guest, talk);

    const other = await guestAt(world.chromium, link);
    await other.wait(screen('elsewhere'));
    await says(other, 'main', /Sabine Krüger/);
    await glance(other, '20-talk-elsewhere');
    await other.click(hook('takeover'));
    await other.wait(screen('check'));
    await says(other, hook('arrive'), /Auf diesem Gerät weitermachen/);
    await says(other, 'main', /Hier sieht und hört Sie noch niemand\.[^]*Wir fragen zuerst Sabine Krüger/);
    await see(other, '25-check-to-ask');
    await other.click(hook('arrive'));
    await other.wait(screen('asked'));
    await see(other, '21-asked');
    await talk.wait(hook('takeover'));
    await see(talk, '22-advisor-asked');
    await says(list, talkingRow('Uwe Wechsel'), /anderes Gerät/);

    await talk.click(hook('takeover-no'));
    await other.wait(screen('refused'));
    await see(other, '23-refused');
    assert.equal(await openDevices(other), 0, 'who was refused has camera and microphone off');
    await gone(talk, hook('takeover'));

    // Who goes back from asking is asked, and then asks no longer.
    await other.click(hook('takeover'));
    await other.click(hook('arrive'));
    await talk.wait(hook('takeover'));
    await other.back();
    await other.wait('dialog[open]');
    await glance(other, '24-back-asking');
    await other.click(hook('leave-really'));
    await other.wait(screen('elsewhere'));
    assert.equal(await openDevices(other), 0, 'who asks no longer has camera and microphone off');
    await gone(talk, hook('takeover'));
    assert.equal(await sameCode(guest, talk), code, 'the talk went on');
    await flows(guest, 'the guest');

    // The first device dies; now the yes.
    await dying.kill();
    await says(talk, hook('gone'), /Uwe Wechsel ist gerade nicht verbunden\..*Seit \d\d?:\d\d Uhr/s);
    assert.doesNotMatch(await talk.text('main'), /Verbindung/, 'nobody looks for the fault at home');
    assert.equal(await showsFace(talk), false, 'no face that does not move');
    await see(talk, '26-guest-gone');
    await other.click(hook('takeover'));
    await other.wait(screen('check'));
    await other.click(hook('arrive'));
    await talk.wait(hook('takeover'));
    await talk.click(hook('takeover-yes'));
    await other.wait(screen('talk'));
    await sameCode(other, talk, code);
    await flows(other, 'the guest on the other device');
    await flows(talk, 'the advisor');
    await endTalk(talk);
    await other.wait(screen('goodbye'));
  } finally {
    await dying.kill();
  }
});

journey('a yes for another device while the first one lives: that one is told', async (list) => {
  const { link } = await appoint(list, { name: 'Ida Familie' });
  const guest = await guestWaits(world.chromium, link);
  const talk = await callIn(list, 'Ida Familie');
  await flows(talk, 'the advisor');
  await say(talk, guest, 'Nur für Ida.');
  await say(guest, talk, 'Meine IBAN ist DE02.');
  const code = await sameCode(guest, talk);
  const other = await guestAt(world.chromium, link, DESK);
  await other.wait(screen('elsewhere'));
  await other.click(hook('takeover'));
  await other.wait(screen('check'));
  await other.click(hook('arrive'));
  await talk.wait(hook('takeover'));
  await talk.click(hook('takeover-yes'));
  await other.wait(screen('talk'));
  await guest.wait(screen('taken-over'));
  assert.equal(await openDevices(guest), 0);
  await sameCode(other, talk, code);
  await flows(other, 'the guest on the other device');
  await say(talk, other, 'Wer ist jetzt da?');
  await other.click(hook('chat'));
  assert.doesNotMatch(await other.text('[role=log]'), /Ida|IBAN/, 'what was written on one device is not told to another');
  await endTalk(talk);
  await other.wait(screen('goodbye'));
});

journey('a guest leaves on purpose, while waiting and while talking, and comes back', async (list) => {
  const { link } = await appoint(list, { name: 'Paul Pause' });
  const guest = await guestWaits(world.chromium, link);
  await list.wait(waitingRow('Paul Pause'));
  await guest.click(hook('leave'));
  await guest.wait(screen('landing'));
  await glance(guest, '30-left');
  assert.equal(await openDevices(guest), 0);
  await list.wait(nextRow('Paul Pause'));
  await gone(list, waitingRow('Paul Pause'));

  await goIn(guest);
  await guest.wait(screen('waiting'));
  const talk = await callIn(list, 'Paul Pause');
  await flows(guest, 'the guest');
  await guest.click(hook('leave'));
  await guest.click(hook('leave-really'));
  await guest.wait(screen('landing'));
  assert.equal(await openDevices(guest), 0);
  await says(talk, hook('farewell'), /verlassen/);
  await glance(talk, '31-guest-left');
  await list.wait(missingRow('Paul Pause'));

  await goIn(guest);
  await guest.wait(screen('waiting'));
  await callIn(list, 'Paul Pause', talk);
  await flows(guest, 'the guest');
  await flows(talk, 'the advisor');
  await endTalk(talk);
  await guest.wait(screen('goodbye'));
});

// A device that has just been given up may have had something to say.
test('nothing loud in the console but a word too late, and those in vain', () => quietConsole(world.chromium, [/ERR_FAILED .*\/(leave|prepare)/]));
