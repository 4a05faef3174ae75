// A desk works as a team: what its people say to who waits, before anybody is called in.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { speak } from '../lib/album.mjs';
import { advisor, appoint, callIn, focused, gone, guestWaits, lasts, says, waitingRow } from '../lib/office.mjs';
import { forDocs, gallery } from '../lib/looks.mjs';
import { until } from '../lib/page.mjs';
import { endTalk, hook, screen } from '../lib/steps.mjs';
import { demoWorld, quietConsole } from '../lib/world.mjs';

const LIMIT = { timeout: 240_000 };
const pictures = gallery('team');
let world;

before(async () => (world = await demoWorld()));
afterEach(() => world.chromium.closeAllBut());
after(() => world?.close());

// Everything that a page has announced to screen readers, and the sounds that it has made.
// Runs in a window from its empty beginning: on a slow machine what is announced may be gone once the window is there.
function hearFromTheBeginning() {
  globalThis.announced = [];
  const hear = () =>
    document.querySelectorAll('[aria-live]').forEach(({ textContent }) => {
      if (textContent && globalThis.announced.at(-1) !== textContent) globalThis.announced.push(textContent);
    });
  new MutationObserver(hear).observe(document, { childList: true, characterData: true, subtree: true });
}

function listen(page) {
  return page.eval(() => {
    globalThis.announced ??= [];
    globalThis.tones = 0;
    for (const region of document.querySelectorAll('[aria-live]'))
      new MutationObserver(() => region.textContent && globalThis.announced.push(region.textContent)).observe(region, { childList: true, characterData: true, subtree: true });
    const { start } = OscillatorNode.prototype;
    OscillatorNode.prototype.start = function (...times) {
      globalThis.tones += 1;
      return start.apply(this, times);
    };
  });
}

const announced = (page, wanted) => until(`${wanted} is announced`, async () => {
  const heard = (await page.eval(() => globalThis.announced)).join('\n');
  if (wanted.test(heard)) return true;
  throw new Error(`announced: ${heard}`);
});

test('a message to somebody who waits, and the answer', LIMIT, async () => {
  const list = await advisor(world, 'sabine');
  const colleague = await advisor(world, 'mehmet');
  const { link } = await appoint(list, { name: 'Mia Wartet' });
  const guest = await guestWaits(world.chromium, link);
  for (const page of [list, colleague]) await page.wait(waitingRow('Mia Wartet'));
  for (const page of [guest, list, colleague]) await listen(page);

  await list.click(`${waitingRow('Mia Wartet')} ${hook('write')}`);
  await list.click(hook('message-send'));
  await says(list, 'dialog[open]', /Bitte schreiben Sie etwas/);
  await list.fill('dialog[open] textarea', 'Guten Tag! Haben Sie\nden Mietvertrag da?');
  await pictures.staff(list, '01-writing');
  await forDocs(list, 'message');
  await list.click(hook('message-send'));
  await gone(list, 'dialog[open]');
  await says(list, hook('receipt'), /Mia Wartet im Warteraum|with Mia Wartet/);

  await guest.wait(hook('messages'));
  await says(guest, hook('messages'), /Mietvertrag/);
  await announced(guest, /Mietvertrag/);
  assert.ok((await guest.eval(() => globalThis.tones)) > 0, 'the guest hears it');
  assert.equal(await guest.eval(() => document.activeElement.tagName), 'H1', 'the focus stays where it was');
  await pictures.guest(guest, '02-message');
  await pictures.staff(colleague, '03-asked');
  await guest.click(hook('answer-yes'));
  await says(guest, hook('messages'), /Ihre Antwort: Ja|Your answer: Yes/);
  await focused(guest, hook('messages'));
  await gone(guest, hook('answer-yes'));
  for (const page of [list, colleague]) {
    await says(page, waitingRow('Mia Wartet'), /(Antwort|Answer): (Ja|Yes)/);
    await announced(page, /Mia Wartet (antwortet|answers): (Ja|Yes)/);
    assert.ok((await page.eval(() => globalThis.tones)) > 0, 'the desk hears it');
  }

  await colleague.click(`${waitingRow('Mia Wartet')} ${hook('write')}`);
  await says(colleague, 'dialog[open]', /Mietvertrag/);
  await colleague.fill('dialog[open] textarea', 'Danke, es geht gleich los.');
  await colleague.press('Tab');
  await colleague.press('Enter');
  await says(guest, hook('messages'), /gleich los/);
  await guest.fill(`${hook('messages')} input`, 'Gut, ich warte.');
  await guest.press('Enter');
  await says(guest, hook('messages'), /Gut, ich warte/);
  await says(list, waitingRow('Mia Wartet'), /Gut, ich warte/);
  await pictures.guest(guest, '04-answered');
  await pictures.staff(list, '05-answers');

  // They are there again after a reload, and gone with the talk.
  await guest.reload();
  await guest.wait(screen('waiting'));
  await says(guest, hook('messages'), /Gut, ich warte/);
  const talk = await callIn(list, 'Mia Wartet');
  await guest.wait(screen('talk'));
  assert.equal(await guest.has(hook('messages')), false);
  await endTalk(talk);
});

test('a ready answer reaches the desk in its own language', LIMIT, async () => {
  const list = await advisor(world, 'sabine');
  const { link } = await appoint(list, { name: 'Sam Abroad', language: 'en' });
  const guest = await guestWaits(world.chromium, link);
  await list.wait(waitingRow('Sam Abroad'));
  await listen(list);
  await list.click(`${waitingRow('Sam Abroad')} ${hook('write')}`);
  await list.fill('dialog[open] textarea', 'Are you ready?');
  await list.click(hook('message-send'));
  await guest.wait(hook('messages'));
  await says(guest, hook('answer-moment'), /One moment, please/);
  await guest.click(hook('answer-moment'));
  await says(guest, hook('messages'), /Your answer: One moment, please/);
  await says(list, waitingRow('Sam Abroad'), /Antwort: Einen Moment, bitte/);
  await announced(list, /Sam Abroad antwortet: Einen Moment, bitte/);
  await guest.click(hook('leave'));
  await guest.wait(screen('landing'));
});

test('somebody who waits says until when they can, and the desk sees it', LIMIT, async () => {
  const list = await advisor(world, 'sabine');
  const { link } = await appoint(list, { name: 'Tilda Eilig' });
  const guest = await guestWaits(world.chromium, link);
  await list.wait(waitingRow('Tilda Eilig'));
  for (const page of [guest, list]) await listen(page);
  await says(guest, hook('until'), /Ich kann nur bis …/);
  await guest.click(hook('until'));
  await guest.wait('dialog[open] select');
  assert.equal(await guest.eval(() => document.querySelectorAll('dialog[open] option').length), 25);
  await pictures.guest(guest, '20-until');
  await speak(guest, 'de');
  await guest.page.locator('dialog[open] select').selectOption({ index: 10 });
  await guest.click(hook('until-send'));
  await gone(guest, 'dialog[open]');
  await focused(guest, hook('until'));
  await says(guest, hook('until'), /Ich kann nur bis \d+:\d\d/);
  await announced(guest, /Das Team sieht jetzt: Sie können bis \d+:\d\d Uhr warten/);
  await says(list, waitingRow('Tilda Eilig'), /nur bis \d+:\d\d Uhr/);
  await announced(list, /Tilda Eilig kann nur bis \d+:\d\d Uhr warten/);
  assert.ok(await list.has(`${hook('until')}[data-near=far]`));
  await pictures.staff(list, '21-until');
  await forDocs(list, 'until', waitingRow('Tilda Eilig'));
  await forDocs(list, 'today');
  await pictures.guest(guest, '22-until-said');
  await speak(guest, 'de');

  // Changed to a time that is near, there again after a reload, and taken back.
  await guest.click(hook('until'));
  await guest.page.locator('dialog[open] select').selectOption({ index: 1 });
  await guest.click(hook('until-send'));
  await says(list, waitingRow('Tilda Eilig'), /nur noch \d Minute/);
  await list.wait(`${hook('until')}[data-near=soon]`);
  await pictures.staff(list, '23-until-soon');
  await speak(list, 'de');
  await guest.reload();
  await guest.wait(screen('waiting'));
  await says(guest, hook('until'), /bis \d+:\d\d/);
  await guest.click(hook('until'));
  await guest.page.locator('dialog[open] select').selectOption({ index: 0 });
  await guest.click(hook('until-send'));
  await gone(list, `${waitingRow('Tilda Eilig')} ${hook('until')}`);
  await says(guest, hook('until'), /bis …/);
  await guest.click(hook('leave'));
  await guest.wait(screen('landing'));
});

test('the advisor hears once and quietly that the time is nearly over, the guest does not', LIMIT, async () => {
  const list = await advisor(world, 'sabine');
  const { id, link } = await appoint(list, { name: 'Olaf Lange' });
  const guest = await guestWaits(world.chromium, link);
  const next = await appoint(list, { name: 'Nora Danach', inSeconds: 240 });
  const other = await guestWaits(world.chromium, next.link);
  await list.wait(waitingRow('Nora Danach'));
  lasts(world, id, { seconds: 300 + 12 });
  await list.context.addInitScript(hearFromTheBeginning);
  const talk = await callIn(list, 'Olaf Lange');
  await guest.wait(screen('talk'));
  for (const page of [guest, talk]) await listen(page);
  await talk.wait(hook('end-soon'));
  await announced(talk, /Termin bis \d+:\d\d Uhr\..*Als Nächstes: \d+:\d\d Uhr, .*, wartet seit \d+:\d\d Uhr/);
  assert.doesNotMatch(await talk.text(hook('end-soon')), /Nora/, 'a screen may be shown');
  assert.equal(await talk.eval(() => globalThis.tones), 0, 'quietly');
  assert.equal((await guest.eval(() => globalThis.announced)).filter((text) => /Termin geht bis|wartet/.test(text)).length, 0);
  assert.doesNotMatch(await guest.text('main'), /geht bis|Nächstes/);
  await pictures.staff(talk, '24-end-soon');
  await forDocs(talk, 'end-soon');
  await talk.click(hook('end-soon-close'));
  await gone(talk, hook('end-soon'));
  await talk.reload();
  await talk.wait(hook('end'));
  await talk.wait('[data-state=connected]');
  assert.equal(await talk.has(hook('end-soon')), false, 'once');
  await endTalk(talk);
  await other.click(hook('leave'));
});

test('the desk says that it takes longer, and who waits sees an honest range', LIMIT, async () => {
  const list = await advisor(world, 'sabine');
  const { link } = await appoint(list, { name: 'Lars Geduld', inSeconds: 240 });
  const guest = await guestWaits(world.chromium, link);
  await list.wait(waitingRow('Lars Geduld'));
  await says(guest, hook('wait'), /beginnt um/);
  await listen(list);
  await list.click(`${hook('late')} summary`);
  await list.page.locator(`${hook('late')} select`).selectOption({ index: (await list.page.locator(`${hook('late')} option`).count()) - 1 });
  await list.click(hook('late-more'));
  await says(guest, hook('wait'), /10 bis 20 Minuten/);
  await says(list, hook('late'), /10 Minuten später/);
  await announced(list, /10 Minuten später/);
  await list.click(hook('late-more'));
  await says(guest, hook('wait'), /20 bis 30 Minuten/);
  await pictures.staff(list, '06-late');
  await forDocs(list, 'late', hook('late'));
  await pictures.guest(guest, '07-waits-longer');
  await list.click(hook('late-back'));
  await says(guest, hook('wait'), /beginnt um|starts at/);
  await gone(list, hook('late-back'));
});

test('an appointment goes to a colleague with a note, and is taken over again', LIMIT, async () => {
  const list = await advisor(world, 'sabine');
  const colleague = await advisor(world, 'mehmet');
  const { link } = await appoint(list, { name: 'Hanna Wechsel' });
  const guest = await guestWaits(world.chromium, link);
  for (const page of [list, colleague]) await page.wait(waitingRow('Hanna Wechsel'));
  await listen(colleague);
  await list.click(`${waitingRow('Hanna Wechsel')} ${hook('hand')}`);
  await list.page.locator('dialog[open] select').selectOption({ label: 'Mehmet Aksoy' });
  await list.fill('dialog[open] textarea', 'Spricht am liebsten langsam.');
  await pictures.staff(list, '08-handing');
  await list.click(hook('hand-send'));
  await gone(list, 'dialog[open]');
  await says(list, hook('receipt'), /Mehmet Aksoy/);
  await says(colleague, hook('receipt'), /Sabine Krüger.*Hanna Wechsel.*langsam/s);
  await says(colleague, `${waitingRow('Hanna Wechsel')} ${hook('note')}`, /langsam/);
  await says(guest, 'main', /Mehmet Aksoy sieht, dass Sie da sind/);
  await pictures.staff(colleague, '09-handed');

  // Two at once: who was slower reads so.
  for (const page of [list, colleague]) await page.click(`${waitingRow('Hanna Wechsel')} ${hook('hand')}`);
  await list.click(hook('hand-send'));
  await gone(list, 'dialog[open]');
  await says(list, waitingRow('Hanna Wechsel'), /Sabine Krüger/);
  assert.equal(await list.has(`${waitingRow('Hanna Wechsel')} ${hook('note')}`), false);
  await colleague.press('Escape');

  // Back to everybody, after somebody has been chosen.
  await list.click(`${waitingRow('Hanna Wechsel')} ${hook('hand')}`);
  await list.click(hook('hand-send'));
  await list.wait('dialog[open] select[aria-invalid=true]:focus');
  await pictures.staff(list, '10-nobody-chosen');
  await list.page.locator('dialog[open] select').selectOption('anybody');
  await list.click(hook('hand-send'));
  await says(list, hook('receipt'), /alle im Team|everybody in the team/);
  await pictures.staff(list, '11-handed-back');
});

test('nothing loud in the console but what was refused', () => quietConsole(world.chromium, [/422 .*\/message/]));
