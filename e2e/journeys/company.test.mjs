// More than two: who interprets for a citizen has a link of their own, waits like everybody, is brought in, hears and sees
// both, and is asked out for a moment. Each two are connected with each other, through the relay and encrypted end to end.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { album } from '../lib/album.mjs';
import { look } from '../lib/looks.mjs';
import { DESK, PHONE, advisor, appoint, callIn, focused, gone, guestAt, guestWaits, says } from '../lib/office.mjs';
import { received, until } from '../lib/page.mjs';
import { bothSeeAndHear, endTalk, hook, screen } from '../lib/steps.mjs';
import { demoWorld, onlyOurHost, quietConsole } from '../lib/world.mjs';

const LIMIT = { timeout: 300_000 }; // three pages with pictures share the machine
const see = album('company');
let world, list, talk, guest, link, interpreter;

before(async () => {
  world = await demoWorld();
  list = await advisor(world);
  ({ link } = await appoint(list, { name: 'Gerda Beispiel' }));
  const admin = await world.chromium.newPage(DESK);
  await admin.goto(`${world.server.url}/staff`);
  await admin.wait(screen('signin'));
  await admin.fill('input[name=email]', 'martina.lorenz@example.org');
  await admin.fill('input[type=password]', world.server.password());
  await admin.press('Enter');
  await admin.wait(screen('admin'));
  const status = await admin.eval(async () => {
    const me = await (await fetch('/api/staff/session')).json();
    const whole = me.roles.find((held) => held.role === 'agency_admin').place;
    return (await fetch(`/api/staff/places/${whole}/rules/talk.company`, { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: '{"value":"on"}' })).status;
  });
  assert.equal(status, 200);
  await admin.closeAll();
});
after(() => world?.close());

const member = (name) => `${hook('member')}[data-name="${name}"]`;
const joined = (name) => `${member(name)}[data-connected="true"]`;

// Pictures and sound of somebody come in at a tile. A browser that wants a touch before there is sound gets it.
const plays = (page, name) =>
  until(`${name} is seen`, async () => {
    const there = await page.eval((selector) => {
      const video = document.querySelector(`${selector} video`);
      return video?.videoWidth > 0 && !video.paused && !video.muted && video.srcObject.getAudioTracks().some((track) => !track.muted);
    }, member(name));
    const wants = `${member(name)} button:has-text("Ton an")`;
    if (!there && (await page.has(wants))) await page.click(wants);
    return there;
  });

async function seen(page, name, { width } = page === talk ? DESK : PHONE) {
  for (const [size, colorScheme] of [[390, 'light'], [1280, 'dark']]) {
    await look(page, { width: size, colorScheme });
    await see(page, `${name}-${size}`);
  }
  await look(page, { width, colorScheme: 'light' });
}

test('the office invites somebody who interprets, with a link of their own', LIMIT, async () => {
  guest = await guestWaits(world.chromium, link, PHONE);
  talk = await callIn(list, 'Gerda Beispiel');
  await bothSeeAndHear(guest, talk);
  await talk.click(hook('more'));
  await talk.click(hook('company-open'));
  await talk.page.getByLabel('Dolmetschen').check();
  await talk.click(hook('company-invite'));
  await says(talk, 'dialog[open]', /Bitte geben Sie den Namen an/);
  await talk.page.locator('dialog[open] input[type=text]').fill('Ada Dolmetsch');
  await talk.click(hook('company-invite'));
  await talk.wait(hook('invited'));
  await talk.click(`${hook('invited')} ${hook('show-link')}`);
  const theirs = await talk.text(`${hook('invited')} ${hook('book-link')}`);
  assert.notEqual(theirs, link);
  await seen(talk, '01-invited');
  await talk.press('Escape');
  interpreter = await guestWaits(world.chromium, theirs.trim(), PHONE);
});

test('who leads the talk brings them in, and all three see and hear each other', LIMIT, async () => {
  await says(talk, hook('company-waiting'), /Ada Dolmetsch\s+Dolmetschen · wartet/);
  await seen(talk, '02-waits');
  await talk.click(hook('bring-in'));
  await interpreter.wait(screen('talk'));
  await bothSeeAndHear(interpreter, talk);
  await guest.wait(joined('Ada Dolmetsch'), 60_000);
  await interpreter.wait(joined('Gerda Beispiel'), 60_000);
  await plays(talk, 'Ada Dolmetsch');
  await plays(guest, 'Ada Dolmetsch');
  await plays(interpreter, 'Gerda Beispiel');
  await seen(talk, '03-three');
  await seen(guest, '03-three-guest');
  await seen(interpreter, '03-three-interpreter');
});

const chatField = `form:has(${hook('chat-send')}) input`;

async function writes(page, text) {
  if (!(await page.has(chatField))) await page.click(hook('chat'));
  await page.page.locator(chatField).fill(text);
  await page.press('Enter');
}

// Nothing takes room from the pictures.
async function closed(page) {
  if (await page.has(hook('live'))) await page.page.locator(`${hook('live')} form button`).click();
  if (await page.has(chatField)) await page.click(hook('chat'));
  for (const part of [hook('live'), chatField]) await gone(page, part);
}

// What stands in the chat, with who has written it.
const reads = (page, ...lines) =>
  until(`${lines.at(-1)} is read`, async () => {
    if (!(await page.has(chatField))) await page.click(hook('chat'));
    const all = await page.page.locator('[role=log]').filter({ has: page.page.locator('.said') }).locator('p:has(.said)').allInnerTexts();
    return JSON.stringify(all.map((line) => line.replace(/\s*\n\s*/g, ': '))) === JSON.stringify(lines);
  });

test('what one of them writes all others read, with the name', LIMIT, async () => {
  await writes(interpreter, 'Ich übersetze jetzt.');
  await reads(talk, 'Ada Dolmetsch: Ich übersetze jetzt.');
  await reads(guest, 'Ada Dolmetsch: Ich übersetze jetzt.');
  await writes(guest, 'Danke');
  await writes(talk, 'Guten Tag Ihnen beiden');
  await reads(interpreter, 'Sie: Ich übersetze jetzt.', 'Gerda Beispiel: Danke', 'Sabine Krüger: Guten Tag Ihnen beiden');
  await reads(guest, 'Ada Dolmetsch: Ich übersetze jetzt.', 'Sie: Danke', 'Sabine Krüger: Guten Tag Ihnen beiden');
  await reads(talk, 'Ada Dolmetsch: Ich übersetze jetzt.', 'Gerda Beispiel: Danke', 'Sie: Guten Tag Ihnen beiden');
  await seen(talk, '03-written');
  await seen(interpreter, '03-written-interpreter');
  for (const page of [talk, guest, interpreter]) await page.press('Escape');
});

test('A11-01: what one of them types all others read as it is typed, with the name', LIMIT, async () => {
  await interpreter.click(hook('more'));
  await interpreter.click(hook('live-open'));
  await focused(interpreter, hook('live'));
  await interpreter.page.keyboard.type('Frau Beispiel sagt');
  for (const page of [talk, guest]) await says(page, hook('live'), /Ada Dolmetsch:\s*Frau Beispiel sagt/);
  await guest.page.locator(`${hook('live')} input`).fill('ich sage');
  await says(interpreter, hook('live'), /Gerda Beispiel:\s*ich sage/);
  await talk.page.locator(`${hook('live')} input`).fill('ich höre');
  for (const page of [guest, interpreter]) await says(page, hook('live'), /Sabine Krüger:\s*ich höre/);
  await seen(interpreter, '03-typed-interpreter');
  for (const page of [talk, guest, interpreter]) await page.page.locator(`${hook('live')} form button`).click();
});

test('whoever loads their page anew is back with all others', LIMIT, async () => {
  for (const [page, others] of [[interpreter, ['Gerda Beispiel']], [guest, ['Ada Dolmetsch']]]) {
    await page.reload();
    await page.wait(screen('talk'));
    for (const name of others) {
      await page.wait(joined(name), 60_000);
      await plays(page, name);
    }
  }
  await talk.reload();
  await bothSeeAndHear(guest, talk);
  await talk.wait(joined('Ada Dolmetsch'), 60_000);
  await plays(talk, 'Ada Dolmetsch');
  await plays(guest, 'Ada Dolmetsch');
  await plays(interpreter, 'Gerda Beispiel');
  await reads(interpreter, 'Sie: Ich übersetze jetzt.', 'Gerda Beispiel: Danke', 'Sabine Krüger: Guten Tag Ihnen beiden');
  await interpreter.press('Escape');
});

const tall = (page, selector) => page.eval((part) => document.querySelector(part).getBoundingClientRect().height, selector);

test('each of them shows another one large, beside the one who is large already, with a press of a key', LIMIT, async () => {
  for (const [page, who] of [[guest, 'guest'], [talk, 'staff']]) {
    await closed(page);
    const picture = `${member('Ada Dolmetsch')} .picture`;
    const button = `${member('Ada Dolmetsch')} ${hook('enlarge')}`;
    const before = await tall(page, picture);
    await page.page.locator(button).press('Enter');
    await until('she is large', async () => (await tall(page, picture)) > before * 1.2);
    assert.equal(await page.eval((part) => document.querySelector(part).getAttribute('aria-pressed'), button), 'true');
    assert.match(await page.eval(() => document.querySelector('[aria-live=polite]').textContent), /Ada Dolmetsch ist jetzt groß zu sehen/);
    assert.ok((await tall(page, `${hook('other')} .person`)) > 120, 'the other one stays large');
    await seen(page, `04-large-${who}`);
    await page.page.locator(button).press('Enter');
    await until('she is as small as before', async () => Math.abs((await tall(page, picture)) - before) < 2);
  }
});

test('who leads the talk switches off the microphone of one of them, and nobody else\'s', LIMIT, async () => {
  await talk.click(`${member('Ada Dolmetsch')} ${hook('member-more')}`);
  await talk.click(`dialog[open] ${hook('mute')}`);
  await says(interpreter, hook('quieted'), /Sabine Krüger hat Ihren Ton ausgeschaltet/);
  for (const page of [talk, guest]) await page.wait(`${member('Ada Dolmetsch')} .name .visually-hidden`);
  assert.equal(await guest.has(hook('quieted')), false);
  await seen(talk, '04-muted');
  await interpreter.click(hook('mic'));
  await gone(talk, `${member('Ada Dolmetsch')} .name .visually-hidden`);
});

test('who sits beside another one of the talk is silent on this device, says so to all, and is back by the microphone', LIMIT, async () => {
  const silent = () => interpreter.eval(() => [...document.querySelectorAll('video')].every((video) => video.muted));
  await interpreter.page.locator(hook('room-share')).press('Enter');
  await interpreter.wait(hook('room-part'));
  await focused(interpreter, hook('room'));
  await until('nothing is to be heard there', silent);
  for (const page of [talk, guest]) await says(page, member('Ada Dolmetsch'), /im selben Raum/);
  await closed(interpreter);
  await seen(interpreter, '05-room-interpreter');
  await seen(talk, '05-room');
  await interpreter.reload();
  await interpreter.wait(hook('room-part'), 60_000);
  await interpreter.wait(joined('Gerda Beispiel'), 60_000);
  await until('nothing is to be heard there after a reload', silent);
  for (const page of [talk, guest]) await says(page, member('Ada Dolmetsch'), /im selben Raum/);
  await interpreter.click(hook('mic'));
  await interpreter.wait(hook('room-share'));
  await plays(interpreter, 'Gerda Beispiel');
  for (const page of [talk, guest]) {
    await plays(page, 'Ada Dolmetsch');
    await until('nobody reads it any more', async () => !/im selben Raum/.test(await page.text(member('Ada Dolmetsch'))));
  }
});

test('for a confidential part one of them is asked out, who hears and sees nobody, and back in', LIMIT, async () => {
  await talk.click(`${member('Ada Dolmetsch')} ${hook('member-more')}`);
  await see(talk, '04-more');
  await talk.click(hook('member-apart'));
  await says(interpreter, hook('halt'), /Sabine Krüger spricht gerade vertraulich/);
  await gone(guest, member('Ada Dolmetsch'));
  await gone(interpreter, member('Gerda Beispiel'));
  const still = await interpreter.eval(received);
  await bothSeeAndHear(guest, talk);
  await seen(interpreter, '05-apart-interpreter');
  await seen(talk, '05-apart');
  await writes(guest, 'Das soll sie nicht lesen');
  await until('it is read', async () => (await talk.text('main')).includes('Das soll sie nicht lesen'));
  assert.ok((await interpreter.eval(received)).frames <= still.frames + 5, 'nothing comes to who was asked out');
  await talk.click(`${member('Ada Dolmetsch')} ${hook('member-back')}`);
  await guest.wait(joined('Ada Dolmetsch'), 60_000);
  await plays(guest, 'Ada Dolmetsch');
  await plays(talk, 'Ada Dolmetsch');
  await bothSeeAndHear(interpreter, talk);
  await writes(talk, 'Wieder zu dritt');
  await until('she reads on', async () => /Sabine Krüger:?\s*Wieder zu dritt/.test(await lastLine(interpreter)));
  assert.doesNotMatch(await interpreter.text('main'), /nicht lesen/);
  for (const page of [talk, guest, interpreter]) await page.press('Escape');
});

test('a halted talk is halted for all of them', LIMIT, async () => {
  await talk.click(hook('more'));
  await talk.click(hook('hold-open'));
  await talk.click(hook('hold-look'));
  for (const page of [guest, interpreter]) await page.wait(hook('halt'));
  await talk.click(hook('hold-over'));
  for (const page of [guest, interpreter]) await gone(page, hook('halt'));
  await plays(guest, 'Ada Dolmetsch');
});

// The newest of the chat, which is opened for it.
async function lastLine(page) {
  if (!(await page.has(chatField))) await page.click(hook('chat'));
  return page.page.locator('[role=log] p:has(.said)').last().innerText();
}

test('who takes part in writing accompanies like everybody', LIMIT, async () => {
  await talk.click(`${member('Ada Dolmetsch')} ${hook('member-more')}`);
  await talk.click(hook('member-wait'));
  await interpreter.wait(screen('waiting'));
  await gone(guest, member('Ada Dolmetsch'));
  await talk.click(hook('more'));
  await talk.click(hook('company-open'));
  await talk.page.locator('dialog[open] input[type=text]').fill('Rolf Schreibt');
  await talk.click(hook('company-invite'));
  const his = `${hook('invited')}:has-text("Rolf Schreibt")`;
  await talk.click(`${his} ${hook('show-link')}`);
  const theirs = await talk.text(`${his} ${hook('book-link')}`);
  await talk.press('Escape');
  const rolf = await guestAt(world.chromium, theirs.trim(), PHONE);
  await rolf.wait(screen('landing'));
  await rolf.click(hook('check'));
  await rolf.wait('video');
  await rolf.click(hook('text'));
  await rolf.click(hook('arrive'));
  await rolf.wait(screen('waiting'));
  await talk.click(`${hook('company-waiting')} li:has-text("Rolf Schreibt") ${hook('bring-in')}`);
  await guest.wait(joined('Rolf Schreibt'), 60_000);
  await rolf.wait(joined('Gerda Beispiel'), 60_000);
  await until('he sees the citizen', () => rolf.eval((selector) => document.querySelector(`${selector} video`).videoWidth > 0, member('Gerda Beispiel')));
  await reads(rolf); // nothing of before
  await writes(rolf, 'Ich bin der Bruder.');
  await until('all read it', async () => /Rolf Schreibt:?\s*Ich bin der Bruder/.test(await lastLine(guest)));
  await until('who leads reads it', async () => /Rolf Schreibt:?\s*Ich bin der Bruder/.test(await lastLine(talk)));
  await see(talk, '06-in-writing');
  await see(rolf, '06-in-writing-his');
  assert.equal(await talk.has(`${member('Rolf Schreibt')} button:has-text("Ton an")`), false, 'there is nothing to hear');
  for (const page of [guest, talk]) await page.press('Escape');
  await talk.click(`${member('Rolf Schreibt')} ${hook('member-more')}`);
  await talk.click(hook('member-dismiss'));
  await gone(guest, member('Rolf Schreibt'));
  await rolf.closeAll();
});

test('who comes back from the waiting room is there again, and with the talk it is over for all', LIMIT, async () => {
  await talk.click(hook('bring-in'));
  await guest.wait(joined('Ada Dolmetsch'), 60_000);
  await reads(interpreter); // another talk: what was written before is not for it
  await endTalk(talk);
  await guest.wait(screen('goodbye'));
  await interpreter.wait(screen('goodbye'));
  await seen(interpreter, '07-goodbye-interpreter');
});

test('nothing loud in the console, and no other host', () => {
  quietConsole(world.chromium);
  onlyOurHost(world.chromium, world.server);
});
