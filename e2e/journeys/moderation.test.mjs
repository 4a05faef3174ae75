// What an advisor can do with a talk besides talking: halt it, and call colleagues. While it is halted
// nothing of either side reaches the other, both read why, and a page that is loaded anew changes nothing of it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { album } from '../lib/album.mjs';
import { DESK, PHONE, advisor, appoint, callIn, focused, gone, guestWaits } from '../lib/office.mjs';
import { look } from '../lib/looks.mjs';
import { received, until } from '../lib/page.mjs';
import { bothSeeAndHear, endTalk, hook, mediaGoOn, say, screen } from '../lib/steps.mjs';
import { demoWorld, onlyOurHost, quietConsole } from '../lib/world.mjs';

const LIMIT = { timeout: 180_000 };
// Sound alone is fifty packets a second.
const STILL_MS = 1_500;
const see = album('moderation');
let world, list, guest, talk, colleague;

before(async () => {
  world = await demoWorld();
  list = await advisor(world);
  const { link } = await appoint(list, { name: 'Gerda Beispiel' });
  guest = await guestWaits(world.chromium, link, PHONE);
  await guest.context.addInitScript(keepChannels); // from its next load on
  talk = await callIn(list, 'Gerda Beispiel');
  await bothSeeAndHear(guest, talk);
});
after(() => world?.close());

// So that a page can be made to say what it would not.
function keepChannels() {
  const make = RTCPeerConnection.prototype.createDataChannel;
  globalThis.keptChannels = [];
  RTCPeerConnection.prototype.createDataChannel = function (...args) {
    const channel = make.apply(this, args);
    globalThis.keptChannels.push(channel);
    return channel;
  };
}

const packets = async (page) => (await page.eval(received)).packets;

// Nothing comes for a while, after what was on its way has come.
async function hearsNothing(page, who) {
  await until(`nothing reaches the ${who} any more`, async () => {
    const before = await packets(page);
    await new Promise((resolve) => setTimeout(resolve, STILL_MS));
    const more = (await packets(page)) - before;
    if (more > 0) throw new Error(`${more} packets`);
    return true;
  });
}

async function halted() {
  for (const page of [guest, talk]) await page.wait(hook('halt'));
  await hearsNothing(guest, 'guest');
  await hearsNothing(talk, 'advisor');
}

test('a halted talk: nobody hears or sees the other, and the guest reads why', LIMIT, async () => {
  await talk.click(hook('more'));
  await talk.click(hook('hold-open'));
  await talk.wait(hook('hold-look'));
  await see(talk, '01-why');
  await talk.click(hook('hold-look'));
  await halted();
  assert.match(await guest.text(hook('halt')), /Sabine Krüger hat das Gespräch kurz angehalten.*Ich suche etwas heraus.*hört und sieht Sie niemand/s);
  await focused(talk, hook('halt'));
  for (const [page, name] of [[guest, 'guest'], [talk, 'staff']]) {
    for (const size of [PHONE, DESK]) {
      for (const colorScheme of ['light', 'dark']) {
        await look(page, { ...size, colorScheme });
        await see(page, `02-halted-${name}-${size.width}-${colorScheme}`);
      }
    }
  }
  await look(guest, { width: 320 });
  await see(guest, '02-halted-guest-320');
  await look(guest, PHONE);
});

test('what is written goes on, and what is switched on while the talk is halted stays unheard', LIMIT, async () => {
  await say(guest, talk, 'Ich habe Zeit.');
  await guest.click(hook('mic'));
  await guest.click(hook('mic'));
  await hearsNothing(talk, 'advisor');
});

test('AVA-02: the talk stays halted when either page is loaded anew', LIMIT, async () => {
  await guest.reload();
  await halted();
  await talk.reload();
  await halted();
  await talk.reload();
  await halted();
});

test('it goes on with one press of a key, and both see and hear each other again', LIMIT, async () => {
  await talk.page.locator(hook('hold-over')).press('Enter');
  for (const page of [guest, talk]) await gone(page, hook('halt'));
  for (const [page, who] of [[guest, 'guest'], [talk, 'advisor']]) await mediaGoOn(page, who);
  const { audioEnergy } = await guest.eval(received);
  await until('the guest hears again', async () => (await guest.eval(received)).audioEnergy > audioEnergy);
  await talk.reload();
  await bothSeeAndHear(guest, talk);
  assert.equal(await talk.has(hook('halt')), false, 'a page that is loaded anew halts nothing that goes on');
});

// What a page says but for the time that passes and how well it is connected.
const shown = () => {
  const varying = ['.clock', '[data-testid=quality]'].map((part) => document.querySelector(`main ${part}`)?.innerText ?? '');
  const text = varying.reduce((all, part) => all.replace(part, ''), document.querySelector('main').innerText);
  return text.replace(/Die Verbindung ist schwach.*/g, '').replace(/\s+/g, ' ');
};

test('an alarm: colleagues of the desk see and hear it, one says to come, and the guest notices nothing', LIMIT, async () => {
  colleague = await advisor(world, 'mehmet', DESK);
  await guest.wait('.talk[data-quality=good]'); // after the reloads of before
  const before = await guest.eval(shown);
  await talk.click(hook('more'));
  await talk.click(hook('alarm'));
  await talk.wait(hook('alarm-called'));
  await colleague.wait(hook('alarm-come'));
  assert.match(await colleague.text(hook('alarm-row')), /Sabine Krüger ruft um Hilfe.*Gerda Beispiel/s);
  for (const [page, name] of [[colleague, 'colleague'], [talk, 'staff']]) {
    for (const [size, colorScheme] of [[PHONE, 'light'], [DESK, 'dark']]) {
      await look(page, { ...size, colorScheme });
      await see(page, `03-alarm-${name}-${size.width}-${colorScheme}`);
    }
  }
  await colleague.page.locator(hook('alarm-come')).press('Enter');
  await until('the advisor reads who comes', async () => (await talk.text(hook('alarm-called'))).includes('Mehmet Aksoy kommt'));
  await until('the colleague reads it, too', async () => (await colleague.text(hook('alarm-row'))).includes('Mehmet Aksoy kommt Sabine Krüger zu Hilfe'));
  await see(colleague, '04-answered-colleague');
  assert.equal(await guest.eval(shown), before);
  await talk.click(hook('alarm-over'));
  for (const [page, row] of [[talk, 'alarm-called'], [colleague, 'alarm-row']]) await gone(page, hook(row));
  // Who leaves ends the talk, and not the call: what the colleague sees then is seen in the last test.
  await colleague.goto(`${world.server.url}/staff`);
  await colleague.wait(screen('today'));
});

test('a guest cannot halt the talk, whatever its page sends', LIMIT, async () => {
  const said = await guest.eval(() => {
    const open = globalThis.keptChannels.filter(({ label, readyState }) => label === 'visavis' && readyState === 'open');
    open.forEach((channel) => channel.send('{"t":"hold","why":"look"}'));
    return open.length;
  });
  assert.equal(said, 1);
  await say(guest, talk, 'Danach geschrieben.'); // the channel keeps the order
  assert.equal(await talk.has(hook('halt')), false);
  await mediaGoOn(guest, 'guest');
});

const mic = async (page) => page.eval(() => document.querySelector('[data-testid=mic]').getAttribute('aria-label'));

test('the advisor switches off the guest\'s microphone, and the guest alone switches it on again', LIMIT, async () => {
  await talk.click(hook('more'));
  await talk.wait(hook('mute'));
  await see(talk, '06-mute');
  await talk.page.locator(hook('mute')).press('Enter');
  await guest.wait(hook('quieted'));
  assert.match(await guest.text(hook('quieted')), /Sabine Krüger hat Ihren Ton ausgeschaltet. Sie können ihn wieder einschalten./);
  assert.equal(await mic(guest), 'Ton einschalten');
  await until('the advisor reads that it is off', async () => /Gerda Beispiel hat den Ton ausgeschaltet/.test(await talk.text(hook('told'))));
  for (const [page, name] of [[guest, 'guest'], [talk, 'staff']]) {
    for (const [size, colorScheme] of [[PHONE, 'light'], [DESK, 'dark']]) {
      await look(page, { ...size, colorScheme });
      await see(page, `06-muted-${name}-${size.width}`);
    }
  }
  await look(guest, PHONE);
  await talk.click(hook('more'));
  assert.equal(await talk.has(hook('mute')), false, 'there is nothing more to switch off, and nothing to switch on');
  await talk.press('Escape');
  await guest.click(hook('mic'));
  await gone(guest, hook('quieted'));
  await until('the advisor hears the guest again', async () => !/hat den Ton ausgeschaltet/.test(await talk.text(hook('told'))));
});

test('a guest switches off nobody\'s microphone, whatever its page sends', LIMIT, async () => {
  await guest.eval(() =>
    globalThis.keptChannels
      .filter(({ label, readyState }) => label === 'visavis' && readyState === 'open')
      .forEach((channel) => channel.send('{"t":"mute"}')),
  );
  await say(guest, talk, 'Auch danach geschrieben.'); // the channel keeps the order
  assert.equal(await mic(talk), 'Ton ausschalten');
});

test('a talk that ends while it is halted leaves nothing halted for the next one', LIMIT, async () => {
  await talk.press('h');
  await talk.click(hook('hold-break'));
  await halted();
  await talk.click(hook('more'));
  await talk.click(hook('alarm'));
  await colleague.wait(hook('alarm-come'));
  await endTalk(talk);
  await guest.wait(screen('goodbye'));
  await colleague.wait(hook('alarm-left'));
  await see(colleague, '05-left-colleague');
  await colleague.click(hook('alarm-seen'));
  await gone(colleague, hook('alarm-left'));
  const { link } = await appoint(list, { name: 'Karl Muster', inSeconds: 240 });
  await guest.closeAll();
  guest = await guestWaits(world.chromium, link, PHONE);
  await list.page.bringToFront();
  await list.click(hook('admit'));
  await bothSeeAndHear(guest, talk);
  assert.equal(await talk.has(hook('halt')), false);
  await endTalk(talk);
  onlyOurHost(world.chromium, world.server);
  quietConsole(world.chromium, [/401 .*\/api\/staff\/session/]);
});
