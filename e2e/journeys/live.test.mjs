// Real-time text beside the voice (EN 301 549 §6.2): each character is at the other side before the next is typed, by
// whom is said, screen readers are told by sentences, and nothing is lost or doubled when a page is loaded anew.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { album } from '../lib/album.mjs';
import { DESK, PHONE, advisor, appoint, callIn, focused, gone, guestWaits } from '../lib/office.mjs';
import { look } from '../lib/looks.mjs';
import { received, until } from '../lib/page.mjs';
import { bothSeeAndHear, endTalk, hook, screen } from '../lib/steps.mjs';
import { demoWorld, onlyOurHost, quietConsole } from '../lib/world.mjs';

const LIMIT = { timeout: 180_000 };
const FIELD = `${hook('live')} input`;
const see = album('live');
let world, list, guest, talk;

before(async () => {
  world = await demoWorld();
  list = await advisor(world);
  const { link } = await appoint(list, { name: 'Gerda Beispiel' });
  guest = await guestWaits(world.chromium, link, PHONE);
  talk = await callIn(list, 'Gerda Beispiel');
  await bothSeeAndHear(guest, talk);
  await talk.eval(() => {
    globalThis.said = [];
    new MutationObserver(() => document.querySelectorAll('[aria-live]').forEach((region) => {
      const text = region.textContent.trim();
      if (region.getAttribute('aria-live') !== 'off' && text && globalThis.said.at(-1) !== text) globalThis.said.push(text);
    })).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
});
after(() => world?.close());

const lines = (page) => page.eval((selector) => [...document.querySelectorAll(`${selector} [role=log] p`)].map((p) => p.innerText.replace(/\s+/g, ' ').trim()), hook('live'));

async function reads(page, ...wanted) {
  await until(`the page shows ${wanted.join(' | ')}`, async () => {
    const shown = await lines(page);
    if (JSON.stringify(shown) === JSON.stringify(wanted)) return true;
    throw new Error(shown.join(' | '));
  });
}

test('A11-01: each character is to be seen before the next one is typed, while sound flows', LIMIT, async () => {
  await guest.click(hook('more'));
  await guest.click(hook('live-open'));
  await focused(guest, hook('live'));
  const { audioEnergy } = await talk.eval(received);
  let text = '';
  for (const character of 'Ich höre') {
    await guest.page.keyboard.type(character);
    text += character;
    await reads(talk, `Gerda Beispiel: ${text}`.trim());
  }
  assert.ok((await talk.eval(received)).audioEnergy > audioEnergy, 'the voice goes on');
  assert.equal(await talk.has(`${FIELD}:focus`), false, 'nobody loses the place where they are');
  await guest.page.keyboard.type(' nichts.');
  await reads(talk, 'Gerda Beispiel: Ich höre nichts.');
});

test('A11-03: a screen reader is told whole sentences, with the name', LIMIT, async () => {
  await until('the sentence is read out', async () => (await talk.eval(() => globalThis.said)).some((text) => /^Gerda Beispiel: .*nichts\./.test(text)));
  const pieces = (await talk.eval(() => globalThis.said)).filter((text) => text.startsWith('Gerda Beispiel:'));
  assert.ok(pieces.length <= 4, `not each character: ${pieces.join(' | ')}`);
});

test('both type at once, Enter begins a new line, what is taken back is gone', LIMIT, async () => {
  await talk.fill(FIELD, 'Jetzt?');
  await reads(guest, 'Sie: Ich höre nichts.', 'Sabine Krüger: Jetzt?');
  await guest.press('Enter');
  await guest.page.keyboard.type('Neinn');
  await guest.press('Backspace');
  await reads(talk, 'Gerda Beispiel: Ich höre nichts.', 'Sie: Jetzt?', 'Gerda Beispiel: Nein');
  for (const [page, name] of [[guest, 'guest'], [talk, 'staff']]) {
    for (const size of [PHONE, DESK]) {
      await look(page, { ...size, colorScheme: 'light' });
      await see(page, `01-both-${name}-${size.width}`);
    }
  }
});

test('AVA-02: a reload of the other side loses nothing and doubles nothing', LIMIT, async () => {
  await talk.reload();
  await bothSeeAndHear(guest, talk);
  await reads(talk, 'Gerda Beispiel: Ich höre nichts.', 'Gerda Beispiel: Nein');
  await reads(guest, 'Sie: Ich höre nichts.', 'Sabine Krüger: Jetzt?', 'Sie: Nein');
});

test('it is closed by keyboard, and there again once the other side begins a line', LIMIT, async () => {
  await guest.page.locator(FIELD).focus();
  await guest.press('Escape');
  await gone(guest, hook('live'));
  await talk.fill(FIELD, 'Noch da?');
  await guest.wait(hook('live'));
  await endTalk(talk);
  await guest.wait(screen('goodbye'));
  onlyOurHost(world.chromium, world.server);
  quietConsole(world.chromium, [/401 .*\/api\/staff\/session/]);
});
