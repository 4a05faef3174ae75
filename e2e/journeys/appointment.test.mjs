// One whole appointment: booked, invited by mail, three clicks, admitted, seen and heard, ended. Every state in German
// and English, on a phone and on a desk, light and dark, each under axe.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { album } from '../lib/album.mjs';
import { received, until } from '../lib/page.mjs';
import { ADVISORS, admit, book, bothSeeAndHear, enterWaitingRoom, hook, invitation, moment, safetyCode, screen, signIn } from '../lib/steps.mjs';
import { demoWorld, keepsOnlyItsCookie, onlyOurHost, quietConsole, secretStaysInTheFragment } from '../lib/world.mjs';

const CHAT_FIELD = 'form:has([data-testid=chat-send]) input';

const RUNS = [
  { language: 'de', guestWidth: 390, staffWidth: 1280, colorScheme: 'light', subject: /^Ihr Videotermin am /, other: 'English' },
  { language: 'en', guestWidth: 1280, staffWidth: 390, colorScheme: 'dark', subject: /^Your video appointment on /, other: 'Deutsch' },
];

for (const run of RUNS) {
  test(`an appointment in ${run.language}, guest at ${run.guestWidth} pixels, advisor at ${run.staffWidth}`, { timeout: 240_000 }, async () => {
    const world = await demoWorld();
    try {
      await appointment(world, run);
    } finally {
      await world.close();
    }
  });
}

// In the page: the fields that are wrong, each of which says what is.
function wrongFields() {
  return [...document.querySelectorAll('form [aria-invalid=true]')]
    .filter((field) => document.getElementById(field.getAttribute('aria-describedby'))?.innerText.length > 0)
    .map((field) => field.closest('[data-testid]').dataset.testid);
}

async function appointment({ server, chromium }, { language, guestWidth, staffWidth, colorScheme, subject }) {
  const see = album(`appointment-${language}`);
  const height = { 390: 844, 1280: 800 };
  const locale = { de: 'de-DE', en: 'en-GB' }[language];
  const staffOptions = { width: staffWidth, height: height[staffWidth], locale, colorScheme };
  const guestOptions = { width: guestWidth, height: height[guestWidth], locale, colorScheme };

  // The advisor signs in and sees today.
  const list = await chromium.newPage(staffOptions);
  await list.goto(`${server.url}/staff`);
  await list.wait(screen('signin'));
  await see(list, '01-signin');
  await list.fill('input[name=email]', ADVISORS.sabine);
  await list.fill('input[type=password]', 'wrong-wrong-wrong');
  await list.click(hook('signin-submit'));
  await until('the refusal', () => list.eval(() => document.querySelector('main').innerText.length > 0 && document.querySelector('[role=alert], .kern-alert') !== null));
  await see(list, '02-signin-wrong');
  await signIn(list, server, ADVISORS.sabine);
  await see(list, '03-today');

  if (staffWidth === 1280) assert.ok(await list.eval(() => document.querySelector('[data-testid=book-submit]').getBoundingClientRect().bottom <= innerHeight), 'the whole form is in sight');

  // Books: what is wrong stands at each field at once, one without e-mail gives the link, one with e-mail invites.
  await list.fill(`${hook('book-email')} input`, 'gerda');
  const proposed = await list.eval(() => document.querySelector('[data-testid=book-time] input').value);
  await list.fill(`${hook('book-time')} input`, '');
  await list.click(hook('book-submit'));
  await until('the name is asked for', () => list.eval(() => document.querySelector('[data-testid=book-name] [aria-invalid=true]') !== null));
  assert.deepEqual(await list.eval(wrongFields), ['book-name', 'book-email', 'book-time']);
  assert.equal(await list.eval(() => document.activeElement.closest('[data-testid]')?.dataset.testid), 'book-name', 'the first of them has the focus');
  await see(list, '04-book-refused');
  await list.fill(`${hook('book-email')} input`, '');
  await list.fill(`${hook('book-time')} input`, proposed);
  await book(list, { name: 'Karl Ohnepost', language, at: '23:30', anybody: true });
  await list.wait(hook('show-link'));
  assert.equal(await list.has(hook('book-link')), false, 'nobody reads the link over a shoulder');
  await see(list, '05-booked-without-mail');
  await list.click(hook('show-link'));
  await list.wait(hook('book-link'));
  await see(list, '07-link-shown');
  await book(list, { name: 'Gerda Beispiel', email: 'gerda@example.org', language });
  assert.equal(await list.has(hook('book-link')), false, 'the link of the last one is gone');
  const { mail, link } = await invitation(server, 'gerda@example.org');
  assert.match(mail.subject, subject);
  namesNobody(mail, 'Beispiel', ['Kindergeld', 'Familienleistungen', 'child benefit', 'Antrag', 'application']);
  await mailbox(chromium, server, see, guestOptions);

  // Three clicks.
  const guest = await chromium.newPage(guestOptions);
  await guest.goto(link);
  await guest.wait(screen('landing'));
  assert.ok((await wordsOf(guest)) <= 80 + 60, 'little to read'); // 80 and the legal notice
  await see(guest, '10-landing');
  await guest.click(hook('check'));
  await guest.wait(screen('check'));
  await guest.wait('video');
  await until('the microphone is heard', () => guest.eval(() => /Ihr Mikrofon funktioniert|Your microphone works/.test(document.querySelector('main').innerText)));
  await see(guest, '11-check');
  await guest.click(hook('arrive'));
  await guest.wait(screen('waiting'));
  await see(guest, '12-waiting');
  assert.equal(await guest.eval(() => globalThis.clicksMade), 2, 'two clicks after the one on the link in the mail');
  assert.ok((await guest.eval(() => globalThis.wakeLocksAsked)) > 0, 'the screen is asked to stay awake');
  assert.equal(await guest.eval(() => globalThis.keptConnections.filter((pc) => pc.remoteDescription !== null).length), 0, 'no media credentials before admission');

  // The advisor sees who waits, since when and through which door.
  await list.wait(hook('waiting-row'));
  const row = await list.text(hook('waiting-row'));
  assert.match(row, /Gerda Beispiel/);
  assert.match(row, /über den Link|by link/);
  await until('the badge in the title', async () => /^\(1\)/.test(await list.eval(() => document.title)));
  await see(list, '13-somebody-waits');

  // Admitted: the guest is warned, then both see and hear each other over the relay.
  const warned = moment(guest, hook('heads-up'));
  const talk = await admit(list);
  assert.match(await warned, language === 'de' ? /Ihr Gespräch beginnt/ : /Your talk/);
  await see(guest, '20-heads-up');
  const now = await bothSeeAndHear(guest, talk);
  onlyTheRelay(now, server);
  const codes = [await safetyCode(guest), await safetyCode(talk)];
  assert.match(codes[0], /^\d{6}$/);
  assert.equal(codes[0], codes[1], 'both see the same six digits');
  await see(guest, '21-talk-guest');
  await see(talk, '22-talk-staff');
  await see(list, '23-in-talk');
  await conversation(guest, talk, see);
  await until('enough has been said', async () => (await talk.eval(received)).frames > 30);
  await farewell({ guest, talk, list, link, see });

  await keepsOnlyItsCookie(guest);
  onlyOurHost(chromium, server);
  secretStaysInTheFragment(chromium, link);
  quietConsole(chromium, [/401 .*\/api\/staff\/session/, /410 .*\/api\/guest\/demo\/open/, /422/]);
  assert.ok(see.seen >= 20, 'pictures of every state');
}

// Neither topic nor citizen beyond the greeting.
function namesNobody(mail, name, topics) {
  const headers = mail.raw.split(/\r?\n\r?\n/)[0];
  const calendar = mail.attachments.find((a) => a.contentType === 'text/calendar');
  assert.ok(calendar, 'a calendar file');
  const ics = calendar.content.toString();
  assert.match(ics, /BEGIN:VEVENT/);
  assert.ok(mail.text.length > 100 && mail.html.length > 100, 'text and HTML');
  for (const word of topics) for (const part of [mail.raw, mail.text, mail.html, ics]) assert.ok(!part.includes(word), `the mail says ${word}`);
  for (const part of [headers, mail.subject, ics]) assert.ok(!part.includes(name), 'the citizen is named outside the greeting');
  assert.equal(mail.text.split(name).length - 1, 1, 'the greeting names the citizen, once');
}

async function mailbox(chromium, server, see, options) {
  const page = await chromium.newPage(options);
  await page.goto(`${server.url}/demo/mail`);
  await see(page, '06-mailbox');
  await page.closeAll();
}

const wordsOf = (page) => page.eval(() => document.querySelector('main').innerText.split(/\s+/).filter((w) => /\p{L}/u.test(w)).length);

// In getStats stands no address of the other side, only the relay's.
function onlyTheRelay(now, server) {
  const media = server.env.VISAVIS_RELAY_UDP;
  for (const who of ['guest', 'advisor']) {
    assert.ok(now[who].remotes.length > 0);
    for (const remote of now[who].remotes) assert.ok(remote.includes(`${media}/`), `${who} sees ${remote}`);
  }
}

// Mute, camera off, chat, devices, the code compared, the screen shown.
async function conversation(guest, talk, see) {
  const says = (page, button) => page.eval((at) => document.querySelector(at).ariaLabel, hook(button));
  assert.match(await says(guest, 'mic'), /^(Ton ausschalten|Turn sound off)$/, 'what a press does');
  await guest.click(hook('mic'));
  await guest.click(hook('camera'));
  await until('what a press does now', async () => /^(Ton einschalten|Turn sound on)$/.test(await says(guest, 'mic')));
  await until('the advisor is told', () => talk.eval(() => /kein Bild|no picture|not showing/.test(document.querySelector('[data-testid=told]').innerText)));
  await see(guest, '30-muted-guest');
  await see(talk, '31-muted-staff');
  await guest.click(hook('mic'));
  await guest.click(hook('camera'));

  await talk.click(hook('chat'));
  await talk.fill(CHAT_FIELD, 'Bitte halten Sie den Bescheid bereit: https://example.org/bescheid');
  await talk.click(hook('chat-send'));
  await guest.click(hook('chat'));
  await until('the message arrives', () => guest.eval(() => document.body.innerText.includes('Bescheid bereit')));
  assert.equal(await guest.eval(() => document.querySelectorAll('a[href*="example.org"]').length), 0, 'links in the chat are not clickable');
  await guest.fill(CHAT_FIELD, 'Ja, hier ist er.');
  await guest.click(hook('chat-send'));
  await until('the answer arrives', () => talk.eval(() => document.body.innerText.includes('Ja, hier ist er.')));
  await see(guest, '32-chat-guest');
  await see(talk, '33-chat-staff');
  assert.ok(await talk.eval(() => innerWidth < 960 || document.querySelector('aside').checkVisibility()), 'the appointment stays beside the chat');
  await guest.click(hook('chat'));
  await talk.click(hook('chat'));

  await guest.click(hook('more'));
  await see(guest, '34-more-guest');
  await guest.press('Escape');
  await talk.click(hook('more'));
  await see(talk, '35-more-staff');
  await talk.press('Escape');

  await talk.click(hook('share'));
  await until('the guest sees the screen', () => guest.eval(() => [...document.querySelectorAll('video')].filter((v) => v.videoWidth > 0).length >= 2));
  await see(guest, '36-screen-guest');
  await see(talk, '37-screen-staff');
  await talk.click(hook('share'));

  for (const page of [guest, talk]) {
    await page.click(hook('code-chip'));
    if (page === guest) await see(guest, '38-code-guest');
    await page.click(hook('compared'));
    await page.press('Escape');
  }
  await until('both have compared', () => guest.eval(() => /verglichen|compared/i.test(document.querySelector('[data-testid=code-chip]').innerText)));
}

async function farewell({ guest, talk, list, link, see }) {
  await talk.click(hook('end'));
  await see(talk, '40-end');
  await talk.click(hook('outcome-held'));
  await talk.wait(hook('farewell'));
  await see(talk, '41-after-staff');
  await guest.wait(screen('goodbye'));
  await see(guest, '42-goodbye');
  await until('the row is done', () => list.eval((row) => document.querySelector(row) !== null, hook('done-row')));
  await see(list, '43-done');
  await guest.goto('about:blank');
  await guest.goto(link);
  await guest.wait(screen('closed'));
  await see(guest, '44-closed');
}
