// The seat is durable, seen from the office: two who call at once, windows that are closed, guests who come too early or
// too late or are not at the screen, appointments that change while somebody waits, and what is no no-show.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { album } from '../lib/album.mjs';
import { DESK, PHONE, advisor, appoint, callIn, flows, focused, gone, guestAt, guestWaits, hide, missingRow, nextRow, openDevices, rowOf, sameCode, says, showsFace, shift, talkingRow, waitingRow } from '../lib/office.mjs';
import { until } from '../lib/page.mjs';
import { ADVISORS, endTalk, hook, invitation, screen, signIn } from '../lib/steps.mjs';
import { demoWorld, quietConsole } from '../lib/world.mjs';
import { mailFor, linkIn } from '../lib/mail.mjs';

const LIMIT = { timeout: 180_000 };
const RING = 10;
const LONG = process.env.VISAVIS_TEST_LONG === '1';
const pictures = album('durable-office');
const see = pictures.both;
// States that other journeys show as well: pictures of them are for make test-long.
const glance = LONG ? see : () => {};
let world;

before(async () => (world = await demoWorld({ env: { VISAVIS_TALK_RING: `${RING}s` } })));
after(() => world?.close());

function journey(name, run) {
  test(name, LIMIT, async () => {
    const list = await advisor(world, 'sabine');
    try {
      await run(list);
    } finally {
      for (const context of world.chromium.browser.contexts()) await context.close();
    }
  });
}

journey('two advisors call the same guest at the same instant: one wins, the other is told who', async (list) => {
  const lists = { 'Sabine Krüger': list, 'Mehmet Aksoy': await advisor(world, 'mehmet') };
  const { link } = await appoint(list, { name: 'Gabi Begehrt' });
  const guest = await guestWaits(world.chromium, link);
  for (const one of Object.values(lists)) await one.wait(waitingRow('Gabi Begehrt'));

  const names = Object.keys(lists);
  const talks = await Promise.all(names.map((who) => callIn(lists[who], 'Gabi Begehrt')));
  const screens = await until('one talks and one does not', async () => {
    const now = await Promise.all(talks.map((talk) => talk.eval(() => document.querySelector('main')?.dataset.screen)));
    return now.includes('talk') && now.includes('ready') ? now : undefined;
  });
  const winner = screens.indexOf('talk');
  const loser = 1 - winner;
  const told = new RegExp(`${names[winner]} hat diese Person schon aufgerufen`);
  await says(talks[loser], 'main', told);
  await says(lists[names[loser]], 'main', told);
  await pictures(talks[loser], '01-second-window-de');
  await secondInEnglish();
  await says(lists[names[loser]], hook('refused'), /^.*Gabi Begehrt: /s);
  await glance(lists[names[loser]], '02-second-list');
  assert.equal(await openDevices(talks[loser]), 0, 'the camera of who came second is off');
  for (const one of Object.values(lists)) await says(one, talkingRow('Gabi Begehrt'), new RegExp(names[winner]));

  await guest.wait(screen('talk'));
  await says(guest, 'main', new RegExp(names[winner]));
  await flows(guest, 'the guest');
  await flows(talks[winner], 'the winner');
  await lists[names[loser]].click(hook('refused-close'));
  await gone(lists[names[loser]], hook('refused'));
  await focused(lists[names[loser]], '#list-waiting');
  await endTalk(talks[winner]);
  await guest.wait(screen('goodbye'));
});

// Nobody can choose who loses, and this window offers no choice of language: so the answer is made up.
async function secondInEnglish() {
  const list = await advisor(world, 'sabine', { ...DESK, locale: 'en-GB' });
  const { link } = await appoint(list, { name: 'Berta Begehrt' });
  await guestWaits(world.chromium, link);
  await list.context.route('**/admit', (route) =>
    route.fulfill({ status: 409, contentType: 'application/problem+json', body: JSON.stringify({ code: 'seat.admitted', params: { by: 'Mehmet Aksoy' } }) }),
  );
  const talk = await callIn(list, 'Berta Begehrt');
  await says(talk, 'main', /Mehmet Aksoy has already called/);
  await pictures(talk, '01-second-window-en');
}

journey('the list is closed while the talk goes on, and the new list leads back to it', async (list) => {
  const { link } = await appoint(list, { name: 'Lea Fenster' });
  const guest = await guestWaits(world.chromium, link);
  const talk = await callIn(list, 'Lea Fenster');
  await flows(guest, 'the guest');
  const first = await sameCode(guest, talk);
  const anew = await list.tab();
  await list.close();
  await flows(talk, 'the advisor without a list');
  await flows(guest, 'the guest');
  assert.equal(await sameCode(guest, talk), first, 'the talk did not notice');

  await anew.goto(`${world.server.url}/staff`);
  await says(anew, talkingRow('Lea Fenster'), /mit Sabine Krüger seit/);
  await glance(anew, '10-list-reopened');
  const back = await anew.nextPopup(() => anew.click(`${talkingRow('Lea Fenster')} ${hook('rejoin')}`));
  await back.wait(screen('talk'));
  const second = await sameCode(guest, back, first);
  await flows(back, 'the advisor in the new window');
  await flows(guest, 'the guest');
  // The old window knows, and lets go of camera and microphone.
  await says(talk, hook('farewell'), /in einem anderen Fenster/);
  assert.equal(await openDevices(talk), 0);
  await talk.close();

  // The window of the talk is closed by mistake: the guest is told, and the list leads back again.
  await back.close();
  await says(guest, hook('told'), /unterbrochen|verlassen/);
  await says(guest, hook('gone'), /Sabine Krüger ist gerade nicht im Gespräch\..*Bitte bleiben Sie da.*030/s);
  assert.doesNotMatch(await guest.text('main'), /Verbindung/, 'nobody looks for the fault at home');
  assert.equal(await showsFace(guest), false, 'no face that does not move');
  await see(guest, '11-advisor-gone');
  const third = await anew.nextPopup(() => anew.click(`${talkingRow('Lea Fenster')} ${hook('rejoin')}`));
  await sameCode(guest, third, second);
  await flows(guest, 'the guest, once more');
  await gone(guest, hook('gone'));
  assert.equal(await showsFace(guest), true, 'the picture is back');
  await flows(third, 'the advisor, once more');
  await endTalk(third);
  await guest.wait(screen('goodbye'));
});

journey('a colleague takes over a running talk only with a yes, and all three are told who is there', async (list) => {
  const mehmet = await advisor(world, 'mehmet');
  const { link } = await appoint(list, { name: 'Ulla Übernahme' });
  const guest = await guestWaits(world.chromium, link);
  const talk = await callIn(list, 'Ulla Übernahme');
  await flows(guest, 'the guest');
  const first = await sameCode(guest, talk);
  const running = await talk.eval(() => location.pathname);

  // In the list and at the address it is asked; a no, or a reload, leaves the talk as it is.
  await mehmet.click(`${talkingRow('Ulla Übernahme')} ${hook('takeover-talk')}`);
  await says(mehmet, 'dialog[open]', /Sabine Krüger führt dieses Gespräch seit \d\d:\d\d Uhr.*Sabine Krüger und Ulla Übernahme lesen sofort.*sieht und hört Sie sofort/s);
  await see(mehmet, '100-takeover-asked');
  await mehmet.click(hook('takeover-talk-no'));
  await focused(mehmet, hook('takeover-talk'));
  const address = await mehmet.tab();
  await address.goto(`${world.server.url}${running}`);
  await says(address, screen('led'), /Gespräch mit Ulla Übernahme übernehmen\?.*Sabine Krüger/s);
  await pictures(address, '101-takeover-address');
  await address.reload();
  await address.wait(screen('led'));
  assert.equal(await openDevices(address), 0, 'who is asked is not seen yet');
  await flows(talk, 'the advisor');
  assert.equal(await sameCode(guest, talk), first, 'nobody has noticed');
  await address.click(hook('takeover-talk-no'));
  await address.wait(screen('ready'));
  await address.close();

  await mehmet.click(`${talkingRow('Ulla Übernahme')} ${hook('takeover-talk')}`);
  const taken = await mehmet.nextPopup(() => mehmet.click(hook('takeover-talk-yes')));
  await says(guest, hook('successor'), /Mehmet Aksoy spricht jetzt mit Ihnen/);
  await pictures(guest, '102-successor');
  await says(talk, hook('farewell'), /Mehmet Aksoy hat das Gespräch mit Ulla Übernahme übernommen/);
  assert.equal(await openDevices(talk), 0, 'who has lost the talk is seen no more');
  await sameCode(guest, taken, first);
  await flows(taken, 'the colleague');
  await flows(guest, 'the guest');
  await guest.click(hook('successor-close'));
  await gone(guest, hook('successor'));
  await says(list, talkingRow('Ulla Übernahme'), /mit Mehmet Aksoy/);
  await endTalk(taken);
});

journey('signing out during a talk asks first, and the windows of a browser go and come together', async (list) => {
  const { link } = await appoint(list, { name: 'Wanda Weiter' });
  const guest = await guestWaits(world.chromium, link);
  const talk = await callIn(list, 'Wanda Weiter');
  await flows(guest, 'the guest');
  await list.click(hook('signout'));
  await says(list, 'dialog[open]', /noch im Gespräch mit Wanda Weiter.*bricht das Gespräch ab/s);
  await see(list, '110-signout-asked');
  await list.click(hook('signout-no'));
  await focused(list, hook('signout'));
  await flows(talk, 'the advisor');

  await list.click(hook('signout'));
  await list.click(hook('signout-yes'));
  for (const one of [list, talk]) await one.wait(screen('signin'));
  assert.equal(await openDevices(talk), 0);
  await signIn(list, world.server, ADVISORS.sabine);
  await says(talk, screen('ready'), /Zurück zum Gespräch/);
  assert.equal(await openDevices(talk), 0, 'no camera goes on in a window that nobody has touched');
  await talk.click(hook('again'));
  await flows(talk, 'the advisor, once more');
  await flows(guest, 'the guest, once more');
  await endTalk(talk);
  await says(talk, hook('farewell'), /Wanda Weiter/);

  // Without a talk nothing is asked, and no window keeps a name.
  await list.click(hook('signout'));
  for (const one of [list, talk]) await one.wait(screen('signin'));
  assert.equal(await talk.has('text=Wanda Weiter'), false);
});

journey('who comes an hour early is told when it opens, and the page goes on by itself', async (list) => {
  const { link } = await appoint(list, { name: 'Emil Zufrüh', inSeconds: 2 * 3600 });
  const early = await guestAt(world.chromium, link);
  await early.wait(screen('early'));
  await says(early, 'main', /Der Warteraum öffnet (heute|morgen) um \d\d:\d\d Uhr/);
  assert.equal(await early.has(hook('check')), false);
  await see(early, '20-early');

  const soon = await appoint(list, { name: 'Selma Gleich', inSeconds: 3600 + 5 });
  const guest = await guestAt(world.chromium, soon.link);
  await guest.wait(screen('early'));
  assert.match(await list.text(nextRow('Selma Gleich')), /Selma Gleich/);
  await guest.wait(hook('check'));
  assert.equal(await guest.eval(() => document.querySelector('main').dataset.screen), 'landing');
  await guest.click(hook('check'));
  await guest.wait(screen('check'));
  await guest.click(hook('arrive'));
  await guest.wait(screen('waiting'));
  await says(guest, hook('wait'), /Ihr Termin beginnt um \d\d:\d\d Uhr/);
  await says(list, waitingRow('Selma Gleich'), /Termin in \d+ Minuten/);
});

journey('who comes after the end is told so, and what to do', async (list) => {
  const { link, id } = await appoint(list, { name: 'Otto Zuspät' });
  const open = await guestAt(world.chromium, link);
  await open.wait(screen('landing'));
  shift(world, id, { seconds: -3 * 3600 });

  const late = await guestAt(world.chromium, link);
  await late.wait(screen('late'));
  await says(late, 'main', /Dieser Termin ist vorbei/);
  assert.equal(await late.has('a[href^="tel:"]'), true, 'the telephone number is there');
  await see(late, '30-late');

  // A page that has stood open since the morning hears with the first click that it is too late.
  await open.click(hook('check'));
  await open.wait(screen('late'));
  await until('devices are off', async () => (await openDevices(open)) === 0);
  await list.reload();
  await says(list, missingRow('Otto Zuspät'), /Termin vorbei/);
  await says(list, '#list-missing', /Ergebnis fehlt/);
});

journey('an appointment is cancelled while the guest waits', async (list) => {
  const { link } = await appoint(list, { name: 'Anke Absage', email: 'anke@example.org' });
  assert.equal(link, undefined);
  const invited = await invitation(world.server, 'anke@example.org');
  const guest = await guestWaits(world.chromium, invited.link);
  await list.wait(waitingRow('Anke Absage'));
  await list.click(`${waitingRow('Anke Absage')} ${hook('change')}`);
  assert.equal(await list.has(hook('outcome-held')), false, 'there is no outcome before it has begun');
  await see(list, '40-change');
  await list.click(hook('cancel'));
  await says(list, 'dialog[open]', /Diesen Termin absagen\?.*Anke Absage, heute, \d\d:\d\d Uhr.*bekommt eine E-Mail/s);
  await see(list, '42-cancel-asked');
  await list.click(hook('cancel-no'));
  await focused(list, hook('cancel'));
  await list.click(hook('cancel'));
  await list.click(hook('cancel-yes'));
  await says(list, hook('receipt'), /Der Termin von Anke Absage ist abgesagt/);
  await see(list, '43-cancelled-receipt');
  await focused(list, '#list-waiting');
  await guest.wait(screen('cancelled'));
  await says(guest, 'main', /abgesagt/);
  await see(guest, '41-cancelled');
  assert.equal(await openDevices(guest), 0);
  await gone(list, waitingRow('Anke Absage'));
  await mailFor(world.server, 'anke@example.org', (m) => /abgesagt/i.test(m.subject));
  await guest.goto('about:blank');
  await guest.goto(invited.link);
  await guest.wait(screen('cancelled'));
});

journey('an appointment is moved while the guest waits', async (list) => {
  await appoint(list, { name: 'Udo Umzug', email: 'udo@example.org' });
  const first = await invitation(world.server, 'udo@example.org');
  const guest = await guestWaits(world.chromium, first.link);
  const looking = await guestAt(world.chromium, first.link); // another device, that has not entered
  await looking.wait(screen('elsewhere'));
  await list.click(`${waitingRow('Udo Umzug')} ${hook('change')}`);
  await list.fill('dialog[open] input[type=time]', '23:55');
  await list.click(hook('move'));
  await says(list, hook('receipt'), /Der Termin von Udo Umzug ist verschoben: heute, 23:55 Uhr/);
  await focused(list, nextRow('Udo Umzug'));
  await guest.wait(screen('moved'));
  await says(guest, 'main', /verschoben.*Neue Zeit: heute, 23:55 Uhr/s);
  await see(guest, '50-moved');
  assert.equal(await openDevices(guest), 0);
  await says(list, nextRow('Udo Umzug'), /23:55/);
  await gone(list, waitingRow('Udo Umzug'));

  // Who only looks is told as well, and both still are after a reload.
  await looking.wait(screen('moved'));
  assert.doesNotMatch(await looking.text('main'), /23:55/, 'the new time is for who waited');
  for (const page of [guest, looking]) {
    await page.reload();
    await page.wait(screen('moved'));
    await says(page, 'main', /neuen Link/);
    assert.equal(await page.has('a[href^="tel:"]'), true);
  }

  await guest.goto('about:blank');
  await guest.goto(first.link);
  await guest.wait(screen('moved'));
  const mail = await mailFor(world.server, 'udo@example.org', (m) => linkIn(m) !== first.link);
  assert.match(mail.subject, /verschoben|neue Zeit|23:55/i);
  await guest.goto('about:blank');
  await guest.goto(linkIn(mail));
  await until('the new appointment', () => guest.eval(() => /23:55/.test(document.querySelector('main')?.innerText ?? '')));
});

journey('who moves an appointment without e-mail goes on at the new link', async (list) => {
  await appoint(list, { name: 'Hanna Handlich' });
  await list.click(`${nextRow('Hanna Handlich')} ${hook('change')}`);
  await list.fill('dialog[open] input[type=time]', '23:50');
  await list.click(hook('move'));
  await list.wait(`dialog[open] ${hook('copy-link')}`);
  await focused(list, 'dialog[open] h2[tabindex]');
  await says(list, 'dialog[open] h2[tabindex]', /Der Termin von Hanna Handlich ist verschoben: heute, 23:50 Uhr/);
  await see(list, '52-moved-by-hand');

  // Closed before the link was taken: it can be had once more.
  await list.press('Escape');
  await list.click(`${nextRow('Hanna Handlich')} ${hook('change')}`);
  await list.click(hook('link-again'));
  await list.click(`dialog[open] ${hook('show-link')}`);
  const link = await list.text(`dialog[open] ${hook('book-link')}`);
  await see(list, '53-link-once-more');
  await list.press('Escape');
  const guest = await guestAt(world.chromium, link);
  await guest.wait(screen('early'));
});

journey('what was booked is said until it is cancelled, and the receipt lies over no focus on a telephone', async () => {
  const list = await advisor(world, 'sabine', PHONE);
  await list.fill(`${hook('book-name')} input`, 'Zoe Zuletzt');
  await list.fill(`${hook('book-time')} input`, '23:45');
  await list.click(hook('book-submit'));
  await says(list, hook('booked'), /Termin für Zoe Zuletzt angelegt/);
  await list.page.locator(nextRow('Zoe Zuletzt')).evaluate((row) => row.scrollIntoView({ block: 'start' })); // where receipts lie
  await list.click(`${nextRow('Zoe Zuletzt')} ${hook('change')}`);
  await list.fill('dialog[open] input[type=time]', '23:40');
  await list.click(hook('move'));
  await gone(list, hook('booked'));
  await list.wait(`dialog[open] ${hook('copy-link')}`);
  await list.press('Escape');
  await focused(list, nextRow('Zoe Zuletzt'));
  await until('the receipt does not lie over the row', () => list.eval(() => {
    const receipt = document.querySelector('[data-testid=receipt] > p').parentElement.parentElement.getBoundingClientRect();
    return document.activeElement.closest('[data-row]').getBoundingClientRect().top >= receipt.bottom;
  }));
  await glance(list, '46-receipt-on-a-telephone');
  await list.click(hook('receipt-close'));
  await gone(list, hook('receipt-close'));
  await focused(list, nextRow('Zoe Zuletzt')); // where it was
  await list.fill(`${hook('book-name')} input`, 'Zacharias Zuletzt');
  await list.fill(`${hook('book-time')} input`, '22:35');
  await list.click(hook('book-submit'));
  await says(list, hook('booked'), /Termin für Zacharias Zuletzt angelegt/);
  await list.click(`${nextRow('Zacharias Zuletzt')} ${hook('change')}`);
  await list.click(hook('cancel'));
  await list.click(hook('cancel-yes'));
  await gone(list, hook('booked'));
});

journey('a guest who is not at the screen is called, and keeps the place when nobody answers', async (list) => {
  const { link } = await appoint(list, { name: 'Nora Nebenan', phone: '030 555 0199' });
  const guest = await guestWaits(world.chromium, link);
  await list.wait(waitingRow('Nora Nebenan'));
  const { arrivedAt } = (await rowOf(list, 'Nora Nebenan')).seat;
  await hide(guest, true);
  await says(list, waitingRow('Nora Nebenan'), /nicht im Vordergrund/);

  // Nobody answers: the seat goes back to waiting.
  const talk = await callIn(list, 'Nora Nebenan');
  await talk.wait(hook('ringing'));
  await says(talk, hook('ringing'), /Noch \d+ Sekunden?/);
  assert.doesNotMatch(await talk.text(hook('ringing')), /nicht offen/);
  assert.equal(await talk.has(`${hook('ringing')} a[href^="tel:"]`), true);
  await guest.wait(screen('called'));
  assert.match(await guest.eval(() => document.title), /Sie sind dran/);
  await guest.wait(screen('waiting'), (RING + 10) * 1000);
  await says(guest, 'main', /Wir haben Sie gerade gerufen/);
  await glance(guest, '62-called-in-vain');
  await says(talk, hook('farewell'), /hat sich nicht gemeldet/);
  await glance(talk, '63-nobody-answered');
  await list.wait(waitingRow('Nora Nebenan'));
  assert.equal((await rowOf(list, 'Nora Nebenan')).seat.arrivedAt, arrivedAt, 'no worse a place than before');

  // Called again, and this time the person comes back to the page.
  await callIn(list, 'Nora Nebenan', talk);
  await guest.wait(screen('called'));
  await Promise.all([see(talk, '60-ringing-advisor'), see(guest, '61-ringing-guest')]);
  await hide(guest, false);
  await guest.click(hook('enter'));
  await guest.wait(screen('talk'));
  await gone(talk, hook('ringing'));
  await flows(guest, 'the guest');
  await flows(talk, 'the advisor');
  await endTalk(talk);
});

journey('a guest whose page is closed cannot be rung: the advisor is told, with the number', async (list) => {
  const { link } = await appoint(list, { name: 'Timo Taschentelefon', phone: '030 555 0177' });
  const guest = await guestWaits(world.chromium, link);
  await list.wait(waitingRow('Timo Taschentelefon'));
  await guest.closeAll();
  await says(list, waitingRow('Timo Taschentelefon'), /nicht verbunden seit/);
  const talk = await callIn(list, 'Timo Taschentelefon');
  await says(talk, hook('ringing'), /nicht offen.*an/s);
  assert.equal(await talk.has(`${hook('ringing')} a[href^="tel:"]`), true);
  // Who has been in the waiting room has not stayed away, whatever the screen looks like now.
  await talk.click(hook('end'));
  await talk.click(hook('outcome-noshow'));
  await says(talk, 'dialog[open]', /„Nicht erschienen“ geht hier nicht/);
  await glance(talk, '65-noshow-refused-in-talk');
  await talk.press('Escape');
  await glance(talk, '70-page-is-gone');
  await talk.click(hook('end'));
  await talk.click(hook('sendback'));
  await says(talk, hook('farewell'), /wieder im Warteraum/);
  await says(list, waitingRow('Timo Taschentelefon'), /nicht verbunden seit/);

  // A page that goes while it rings.
  const again = await guestAt(world.chromium, link);
  await again.wait(screen('elsewhere'));
  await again.click(hook('takeover'));
  await again.wait(screen('check'));
  await again.click(hook('arrive'));
  await again.wait(screen('waiting'));
  await hide(again, true);
  await says(list, waitingRow('Timo Taschentelefon'), /nicht im Vordergrund/);
  await callIn(list, 'Timo Taschentelefon', talk);
  await talk.wait(hook('ringing'));
  await again.closeAll();
  await says(talk, hook('ringing'), /nicht offen/);
});

journey('a guest hangs up: the list asks for the outcome, in the language that the list has', async (list) => {
  const { link } = await appoint(list, { name: 'Hugo Hängtauf', phone: '030 555 0144' });
  const guest = await guestWaits(world.chromium, link);
  await list.click('button[lang=en]');
  await says(list, waitingRow('Hugo Hängtauf'), /by link/);
  const talk = await callIn(list, 'Hugo Hängtauf');
  await flows(talk, 'the advisor');
  assert.equal(await talk.eval(() => document.documentElement.lang), 'en');
  await list.click('button[lang=de]');
  await until('the window of the talk follows', () => talk.eval(() => document.documentElement.lang === 'de'));
  await guest.click(hook('leave'));
  await guest.click(hook('leave-really'));

  await says(list, missingRow('Hugo Hängtauf'), /Gespräch bis \d\d:\d\d Uhr.*030.555.01.44/s);
  await see(list, '90-outcome-missing');
  await list.click(`${missingRow('Hugo Hängtauf')} ${hook('record')}`);
  assert.equal(await list.has(hook('outcome-noshow')), false, 'whoever has talked has come');
  await see(list, '91-outcome-asked');
  await list.click(hook('outcome-held'));
  await gone(list, missingRow('Hugo Hängtauf'));
  await says(list, hook('receipt'), /Ergebnis für Hugo Hängtauf eingetragen: Gespräch geführt/);
  await until('the focus is on something', () => list.eval(() => document.activeElement !== document.body));
  await until('the result stands in the list', async () => (await rowOf(list, 'Hugo Hängtauf')).outcome === 'held');
});

journey('whoever opened the link is no no-show, in the list and in the talk', async (list) => {
  const { link } = await appoint(list, { name: 'Fred Fehlt', inSeconds: -595 });
  const guest = await guestAt(world.chromium, link);
  await guest.wait(screen('landing'));
  await guest.click(hook('check'));
  await says(list, nextRow('Fred Fehlt'), /Link geöffnet/);
  await list.click(`${nextRow('Fred Fehlt')} ${hook('change')}`);
  await list.click(hook('outcome-noshow'));
  await says(list, 'dialog[open]', /„Nicht erschienen“ festhalten\?.*Fred Fehlt, heute, \d\d:\d\d Uhr.*nicht mehr ändern/s);
  await see(list, '79-noshow-asked');
  await list.click(hook('noshow-no'));
  await focused(list, hook('outcome-noshow'));
  await list.click(hook('outcome-noshow'));
  await list.click(hook('noshow-yes'));
  await says(list, 'dialog[open]', /„Nicht erschienen“ geht hier nicht/);
  await focused(list, hook('outcome-noshow'));
  await see(list, '80-noshow-refused');
  await list.click(hook('outcome-technical'));
  await gone(list, nextRow('Fred Fehlt'));
  await says(list, hook('receipt'), /Ergebnis für Fred Fehlt eingetragen: Technik hat versagt/);
  await focused(list, '#list-next');
  await until('the result stands in the list', async () => (await rowOf(list, 'Fred Fehlt')).outcome === 'technical');
  await says(list, `${hook('task')}:has-text("Fred Fehlt")`, /braucht eine andere Zeit/); // the guest's page promises one
  await guest.goto('about:blank');
  await guest.goto(link);
  await guest.wait(screen('closed'));
  await says(guest, 'main', /kein Nachteil/);
  await glance(guest, '81-closed-technical');

  const other = await appoint(list, { name: 'Sina Stumm', inSeconds: -60 });
  const silent = await guestWaits(world.chromium, other.link, DESK);
  const talk = await callIn(list, 'Sina Stumm');
  await talk.wait(screen('talk'));
  await flows(talk, 'the advisor');
  await talk.click(hook('end'));
  await talk.wait(hook('outcome-technical'));
  assert.equal(await talk.has(hook('outcome-noshow')), false, 'whoever is in a talk has come');
  await glance(talk, '82-no-noshow-in-talk');
  await talk.click(hook('outcome-technical'));
  await says(talk, hook('farewell'), /Technik hat versagt/);
  await silent.wait(screen('goodbye'));
  await says(silent, 'main', /kein Nachteil/);

  // Who never opened it may be one.
  await appoint(list, { name: 'Ferdinand Fort', inSeconds: -595 });
  await list.click(`${nextRow('Ferdinand Fort')} ${hook('change')}`);
  await list.click(hook('outcome-noshow'));
  await list.click(hook('noshow-yes'));
  await gone(list, nextRow('Ferdinand Fort'));
  await until('the result stands in the list', async () => (await rowOf(list, 'Ferdinand Fort')).outcome === 'noshow');
});

test('nothing loud in the console but what was refused', () => quietConsole(world.chromium, [/401 .*\/(session|stream)/, /409 .*\/(admit|outcome|end)/, /410 .*\/(open|arrive)/, /404 .*\/(arrive|check)/]));
