// A screen shown in a talk, by either side: its picture and its sound arrive as they were sent, each sees where the other
// one points, and there is one screen at a time.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { album } from '../lib/album.mjs';
import { DESK, PHONE, advisor, appoint, callIn, focused, goIn, gone, guestWaits, says } from '../lib/office.mjs';
import { look } from '../lib/looks.mjs';
import { received, until } from '../lib/page.mjs';
import { bothSeeAndHear, endTalk, hook, screen } from '../lib/steps.mjs';
import { COLOURS, TONE_HZ, loudest, quarters, testCard } from '../lib/testcard.mjs';
import { demoWorld, onlyOurHost, quietConsole } from '../lib/world.mjs';

const LIMIT = { timeout: 180_000 };
const see = album('screen');
let world, list, guest, talk;

before(async () => {
  world = await demoWorld();
  list = await advisor(world);
  const { link } = await appoint(list, { name: 'Gerda Beispiel' });
  guest = await world.chromium.newPage(DESK);
  for (const page of [list, guest]) await page.context.addInitScript(testCard);
  await guest.goto(link);
  await guest.wait(screen('landing'));
  await goIn(guest);
  await guest.wait(screen('waiting'));
  talk = await callIn(list, 'Gerda Beispiel');
  await bothSeeAndHear(guest, talk);
});
after(() => world?.close());

const shows = (page, text) => until(`the colours are on the screen of ${text}`, async () => {
  const seen = await quarters(page);
  if (seen.join() === COLOURS.join()) return true;
  throw new Error(seen.join() || 'no picture');
});

// Where the shown picture has its pointer, in parts of its width and height, or undefined.
const pointed = (page) => page.eval((selectors) => {
  const [pointer, video] = selectors.map((selector) => document.querySelector(selector));
  if (!pointer) return undefined;
  const [dot, box] = [pointer, video].map((element) => element.getBoundingClientRect());
  const scale = Math.min(box.width / video.videoWidth, box.height / video.videoHeight);
  const [width, height] = [video.videoWidth * scale, video.videoHeight * scale];
  return [(dot.x + dot.width / 2 - box.x - (box.width - width) / 2) / width, (dot.y + dot.height / 2 - box.y - (box.height - height) / 2) / height];
}, [hook('pointer'), `${hook('shown')} video`]);

async function pointAt(page, x, y) {
  const spot = await page.eval((selector, [right, down]) => {
    const video = document.querySelector(selector);
    const box = video.getBoundingClientRect();
    const scale = Math.min(box.width / video.videoWidth, box.height / video.videoHeight);
    const [width, height] = [video.videoWidth * scale, video.videoHeight * scale];
    return [box.x + (box.width - width) / 2 + right * width, box.y + (box.height - height) / 2 + down * height];
  }, `${hook('shown')} video`, [x, y]);
  await page.page.mouse.move(...spot);
}

test('a guest is told who sees it, shows a window, and picture and sound of it arrive', LIMIT, async () => {
  await guest.click(hook('share'));
  await focused(guest, 'dialog[open]');
  await see(guest, '01-asked');
  await guest.click(hook('share-choose'));
  await shows(talk, 'the advisor');
  await shows(guest, 'the guest');
  await until('the tone of the window is heard', async () => {
    const hertz = await loudest(talk);
    if (Math.abs(hertz - TONE_HZ) < 20) return true;
    throw new Error(`${hertz} Hz`);
  });
  for (const [page, name] of [[guest, 'guest'], [talk, 'staff']]) {
    await see(page, `02-shown-${name}`);
    await look(page, { ...PHONE, colorScheme: 'light' });
    await see(page, `02-shown-${name}-390`);
    await look(page, { ...DESK, colorScheme: 'light' });
  }
});

test('the microphone goes on beside the sound of the window, and is off when it is off', LIMIT, async () => {
  await guest.click(hook('mic'));
  await says(talk, hook('told'), /Ton ausgeschaltet/);
  assert.ok(Math.abs((await loudest(talk)) - TONE_HZ) < 20, 'the window is still heard');
  await guest.click(hook('mic'));
});

test('each sees where the other one points, until the hand leaves', LIMIT, async () => {
  await pointAt(talk, 0.25, 0.75);
  await until('the guest sees where', async () => {
    const [x, y] = (await pointed(guest)) ?? [];
    if (Math.abs(x - 0.25) < 0.02 && Math.abs(y - 0.75) < 0.02) return true;
    throw new Error(`${x} ${y}`);
  });
  await see(guest, '03-pointed-guest');
  await talk.page.mouse.move(5, 5);
  await gone(guest, hook('pointer'));
});

test('letters or movement: what suffers first is chosen, and a new screen begins with letters', LIMIT, async () => {
  const hint = () => guest.eval((selector) => document.querySelector(selector).srcObject.getVideoTracks()[0].contentHint, `${hook('shown')} video`);
  assert.equal(await hint(), 'text');
  await guest.click(hook('share-sharp'));
  assert.equal(await hint(), 'motion');
  await guest.click(hook('share-stop'));
  await gone(talk, hook('shown'));
  await gone(guest, hook('shown'));
  await focused(guest, hook('share'));
  await until('the microphone is heard again', async () => Math.abs((await loudest(talk)) - TONE_HZ) > 50);
});

test('there is one screen at a time: the newer takes the place of the older', LIMIT, async () => {
  await guest.click(hook('share'));
  await guest.click(hook('share-choose'));
  await shows(talk, 'the advisor');
  const since = Date.now();
  await until('it is not the same moment any more', () => Date.now() - since > 2_500);
  await talk.click(hook('share'));
  await until('the guest sees the screen of the advisor', () => guest.eval((selector) => /^Bildschirm von/.test(document.querySelector(selector)?.ariaLabel ?? ''), `${hook('shown')} video`));
  await until('the advisor shows', () => talk.has(hook('share-stop')));
  await shows(guest, 'the guest');
  assert.match(await guest.text(hook('other')), /Ihrer wird nicht mehr gezeigt/);
  assert.match(await talk.text(hook('other')), /wird nicht mehr gezeigt/);
  assert.doesNotMatch(await guest.text('main'), /Ihr Bildschirm wird gezeigt/);
  await see(guest, '04-other-way-guest');
  // Alone, and as large as can be.
  await guest.click(hook('screen-face'));
  await until('nobody lies over the screen', () => guest.eval(() => document.querySelector('.person.faceless') !== null));
  await guest.click(hook('screen-full'));
  await until('it fills the screen', () => guest.eval(() => document.fullscreenElement?.querySelector('[data-testid=shown]') != null));
  await see(guest, '05-full');
  await guest.click(hook('screen-full'));
  await until('it does no more', () => guest.eval(() => document.fullscreenElement === null));
  await guest.click(hook('screen-face'));
  // As the window comes back from being as large as the screen, the picture may move on under the hand: which moves, too.
  await until('the advisor sees where', async () => {
    await pointAt(guest, 0.5, 0.25);
    const at = await pointed(talk);
    if (at) return true;
    await pointAt(guest, 0.5, 0.3);
    throw new Error('nowhere');
  });
  await see(talk, '04-other-way-staff');
});

test('whoever else arrives meanwhile, the screen goes on', LIMIT, async () => {
  const { link } = await appoint(list, { name: 'Wilma Danach' });
  const next = await guestWaits(world.chromium, link, PHONE);
  await says(talk, hook('others-waiting'), /1/);
  assert.ok(await talk.has(hook('share-stop')), 'the advisor still shows');
  await shows(guest, 'the guest');
  await next.close();
});

test('a reload of who shows ends it for both, and the talk goes on', LIMIT, async () => {
  await talk.reload();
  await bothSeeAndHear(guest, talk);
  await gone(guest, hook('shown'));
  assert.ok((await guest.eval(received)).frames > 0);
});

test('nothing else was asked for, and the browser complained of nothing', LIMIT, async () => {
  await endTalk(talk);
  await guest.wait(screen('goodbye'));
  onlyOurHost(world.chromium, world.server);
  // A busy machine without a sound card may fail to serve what this test itself listens with.
  quietConsole(world.chromium, [/The AudioContext encountered an error from the audio device/]);
});
