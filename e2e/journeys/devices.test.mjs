// What is heard and chosen: the chime on both sides, sound that the browser keeps back until it is touched, another
// camera, microphone and loudspeaker in the middle of a talk.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { album } from '../lib/album.mjs';
import { ChromiumPage } from '../lib/chromium.mjs';
import { received, until } from '../lib/page.mjs';
import { ADVISORS, admit, book, bothSeeAndHear, enterWaitingRoom, hook, invitation, mediaGoOn, safetyCode, screen, signIn } from '../lib/steps.mjs';
import { demoWorld } from '../lib/world.mjs';

const see = album('devices');

// Runs in every page before its own scripts: counts the tones that are started.
function countTones() {
  globalThis.tones = 0;
  const { start } = OscillatorNode.prototype;
  OscillatorNode.prototype.start = function (...args) {
    globalThis.tones += 1;
    return start.apply(this, args);
  };
}

async function invited({ server, chromium }) {
  const list = await chromium.newPage();
  await list.context.addInitScript(countTones);
  await signIn(list, server, ADVISORS.sabine);
  await book(list, { name: 'Gerda Beispiel', email: 'gerda@example.org' });
  const guest = await chromium.newPage({ width: 390, height: 844 });
  await guest.context.addInitScript(countTones);
  return { list, guest, link: (await invitation(server, 'gerda@example.org')).link };
}

test('a chime tells the advisor who comes and the guest that it begins; devices are changed in the talk', { timeout: 180_000 }, async () => {
  const world = await demoWorld({ browser: { args: ['--use-fake-device-for-media-stream=device-count=3' /* the second one shows depths, which nobody can see */] } });
  try {
    const { list, guest, link } = await invited(world);
    assert.equal(await list.eval(() => globalThis.tones), 0);
    await enterWaitingRoom(guest, link);
    await until('the advisor hears that somebody came', async () => (await list.eval(() => globalThis.tones)) > 0);
    const before = await guest.eval(() => globalThis.tones);
    const talk = await admit(list);
    await until('the guest hears that it begins', async () => (await guest.eval(() => globalThis.tones)) > before);
    await bothSeeAndHear(guest, talk);
    for (const page of [guest, talk]) await changeDevices(page);
    await mediaGoOn(guest, 'the guest');
    await mediaGoOn(talk, 'the advisor');
  } finally {
    await world.close();
  }
});

const sent = (page) =>
  page.eval(() => globalThis.keptConnections.filter((pc) => pc.connectionState === 'connected').flatMap((pc) => pc.getSenders().map((s) => s.track?.label ?? '')));

// Takes the last entry of each list, and sees that it is what goes out now.
async function changeDevices(page) {
  const before = await sent(page);
  await page.click(hook('more'));
  const lists = await until('cameras, microphones and speakers are listed', () => page.eval(() => {
    const found = [...document.querySelectorAll('dialog[open] select')].map((s) => [...s.options].map((o) => o.textContent.trim()));
    return found.length === 3 && found[0].length > 1 && found[1].length > 1 && found[2].length > 1 && found;
  }));
  for (const [i, entries] of lists.entries()) await page.page.locator('dialog[open] select').nth(i).selectOption({ label: entries.at(-1) });
  await until('another camera and microphone are sent', async () => {
    const now = await sent(page);
    return now.includes(lists[0].at(-1)) && now.includes(lists[1].at(-1)) && now.join() !== before.join();
  });
  await until('the loudspeaker is another one', () => page.eval(() => {
    const video = document.querySelector('[data-testid=other] .person video');
    return !('setSinkId' in video) || video.sinkId !== '';
  }));
  await page.press('Escape');
}

// Asks a page without the user gesture that Playwright gives to all that it evaluates.
async function untouched(tab, fn, ...args) {
  const session = await tab.context.newCDPSession(tab.page);
  try {
    const expression = `(${fn.toString()})(...${JSON.stringify(args)})`;
    const { result } = await session.send('Runtime.evaluate', { expression, returnByValue: true, userGesture: false });
    return result.value;
  } finally {
    await session.detach();
  }
}

function boxOf(selector) {
  const { x, y, width, height } = document.querySelector(selector)?.getBoundingClientRect() ?? {};
  return width > 0 && { x, y, width, height };
}

test('a browser that keeps sound back gets one large button, and one touch is enough', { timeout: 180_000 }, async () => {
  const world = await demoWorld();
  try {
    const { list, guest, link } = await invited(world);
    // Browsers let a page that records play; this guest brings text only.
    await guest.context.addInitScript(() => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'));
    });
    await enterWaitingRoom(guest, link);
    const talk = await admit(list);
    await guest.wait(screen('talk'));
    await until('the guest hears', async () => (await guest.eval(received)).audioEnergy > 0);
    const code = await safetyCode(talk);
    const address = await guest.eval(() => location.href);
    const tab = new ChromiumPage(await guest.context.newPage(), guest.context); // nobody has touched this one
    await tab.goto(address);
    // Whatever is asked of a page by a driver counts as a touch, after which the page may play all by itself: so the
    // other side tells when it is connected, and this page is asked by a way that touches nothing.
    await until('a new connection', async () => (await safetyCode(talk)) !== code);
    const { x, y, width, height } = await until('sound is kept back', () => untouched(tab, boxOf, hook('unblock')));
    assert.ok(height >= 48 && width >= 150, 'it is large');
    await see(tab, 'sound-kept-back'); // not in the other language: to choose it is a click, and any click helps
    await tab.page.mouse.click(x + width / 2, y + height / 2);
    await until('it plays', () => tab.eval(() => {
      const video = document.querySelector('[data-testid=other] .person video');
      return !video.paused && !document.querySelector('[data-testid=unblock]');
    }));
    await until('the guest sees and hears again', async () => {
      const now = await tab.eval(received);
      return now.frames > 5 && now.audioEnergy > 0;
    });
    await talk.closeAll();
  } finally {
    await world.close();
  }
});
