// The other ways in, and every state in which they may end: without camera, refused, by telephone, moved, cancelled, in
// the wrong browser, without script, by keyboard, large, narrow. A picture, axe and the sizes of targets for each.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launchChromium } from '../lib/chromium.mjs';
import { focusInSight, gallery, look } from '../lib/looks.mjs';
import { callIn, gone, hide, openDevices, says, showsFace, waitingRow } from '../lib/office.mjs';
import { received, until } from '../lib/page.mjs';
import { ADVISORS, endTalk, hook, moment, screen, signIn } from '../lib/steps.mjs';
import { demoWorld, onlyOurHost, quietConsole } from '../lib/world.mjs';

const pictures = gallery('ways');
const RESULTS = fileURLToPath(new URL('../results/ways', import.meta.url));
const phone = { width: 390, height: 844 };
const minute = 60_000;
// Headless browsers call themselves something that the steps for refused devices do not know.
const CHROME = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
let world;
let list;
let me;

before(async () => {
  world = await demoWorld();
  list = await world.chromium.newPage();
  await signIn(list, world.server, ADVISORS.sabine);
  me = await call('GET', 'session');
});

afterEach(() => world.chromium.closeAllBut(list));
after(async () => world?.close());

// What the list's page asks the server, as its own buttons do.
async function call(method, path, body) {
  const answer = await list.eval(
    async (how, where, what) => {
      const response = await fetch(`/api/staff/${where}`, { method: how, headers: { 'Content-Type': 'application/json' }, ...(what ? { body: JSON.stringify(what) } : {}) });
      return { status: response.status, body: await response.json().catch(() => null) };
    },
    method,
    path,
    body ?? null,
  );
  assert.ok(answer.status < 300, `${method} ${path}: ${JSON.stringify(answer)}`);
  return answer.body;
}

async function invite(name, { after: later = 5 * minute, phone: number } = {}) {
  const [desk] = me.desks;
  const service = me.services.find(({ departmentId }) => departmentId === desk.departmentId);
  const startsAt = Math.ceil(Date.now() / minute) * minute + later;
  const citizen = { name, ...(number ? { phone: number } : {}) };
  return call('POST', 'appointments', { desk: desk.id, service: service.id, startsAt, citizen, language: 'de' });
}

async function visit(link, { chromium = world.chromium, ...options } = {}) {
  const page = await chromium.newPage({ ...phone, ...options });
  await page.goto(link);
  return page;
}

async function landing(name, options) {
  const { link } = await invite(name, options);
  const page = await visit(link, options);
  await page.wait(screen('landing'));
  return page;
}

async function enter(page, way = 'check') {
  await page.click(hook(way));
  await page.wait(screen('check'));
  await page.click(hook('arrive'));
  await page.wait(screen('waiting'));
}

const wordsOf = (page) =>
  page.eval(() => {
    const main = document.querySelector('main').cloneNode(true);
    main.querySelectorAll('section[aria-labelledby=legal], dialog').forEach((part) => part.remove());
    return main.textContent.split(/\s+/).filter((word) => /\p{L}/u.test(word)).length;
  });

const hasFocus = (page, selector) => until(`the focus is on ${selector}`, () => page.eval((wanted) => document.activeElement.matches(wanted), selector));
const offersPhone = async (page) => assert.equal(await page.text('main p a[href="tel:03023125300"]'), '030 23125 300', 'the telephone number of the office');

test('sound only, without penalty', { timeout: 180_000 }, async () => {
  const page = await landing('Anna Ohnekamera');
  const read = await wordsOf(page);
  await offersPhone(page);
  await page.click(hook('audio'));
  await page.wait(screen('check'));
  await offersPhone(page);
  await until('the microphone is heard', () => page.eval(() => /Ihr Mikrofon funktioniert/.test(document.querySelector('main').innerText)));
  assert.ok(read + (await wordsOf(page)) <= 80, `${read} and ${await wordsOf(page)} words before the waiting room`);
  await pictures.guest(page, '01-check-audio');
  await page.click(hook('tone'));
  await page.click(hook('tone-no'));
  await hasFocus(page, hook('tone'));
  await page.click(hook('devices'));
  await hasFocus(page, '[role=group]:has(select)');
  await pictures.guest(page, '02-check-tone-unheard');
  await page.click(hook('arrive'));
  await page.wait(screen('waiting'));
  await pictures.guest(page, '03-waiting-audio');
  await offersPhone(page);
  assert.match(await page.page.title(), /^Warteraum|^Waiting room/);
  await list.wait(hook('waiting-row'));
  assert.match(await list.text(hook('waiting-row')), /nur mit Ton/);
});

test('refused and missing devices: what happened, three steps, and on without', { timeout: 180_000 }, async () => {
  const refusing = await launchChromium({ fake: false, args: ['--use-fake-device-for-media-stream'] });
  const bare = await launchChromium({ fake: false });
  try {
    for (const [name, allowed, state, chromium] of [
      ['10-camera-refused', ['microphone'], 'camera-refused', refusing],
      ['11-microphone-refused', ['camera'], 'microphone-refused', refusing],
      ['12-both-refused', [], 'both-refused', refusing],
      ['13-both-missing', ['camera', 'microphone'], 'both-missing', bare],
    ]) {
      const { link } = await invite(`Gast ${name.slice(0, 2)}`);
      const page = await visit(link, { chromium, permissions: allowed, userAgent: CHROME });
      await page.wait(screen('landing'));
      await page.click(hook('check'));
      await page.wait(`[data-state=${state}]`);
      assert.equal(await page.eval((s) => document.querySelectorAll(`[data-state=${s}] li`).length, state), 3, 'three steps');
      await page.click('[data-testid^=retry-]');
      await page.wait(`[data-state=${state}]`);
      await hasFocus(page, 'h1');
      await pictures.guest(page, name);
      await page.click(hook('arrive'));
      await page.wait(screen('waiting'));
      if (name.startsWith('13')) await pictures.guest(page, '14-waiting-in-writing');
      await page.closeAll();
    }
  } finally {
    await refusing.close();
    await bare.close();
  }
});

test('in writing: said as it is on both sides, with the chat open and no button that does nothing', { timeout: 180_000 }, async () => {
  const bare = await launchChromium({ fake: false });
  try {
    const { link } = await invite('Wanda Schriftlich');
    const guest = await visit(link, { chromium: bare, userAgent: CHROME });
    await guest.wait(screen('landing'));
    await enter(guest);
    // By a key on the button: some browsers hold that against the window that opens.
    const row = `${waitingRow('Wanda Schriftlich')} ${hook('admit')}`;
    await list.wait(row);
    const warned = moment(guest, hook('heads-up'));
    const talk = await list.nextPopup(() => list.page.locator(row).press('Enter'));
    const before = await warned;
    assert.match(before, /Sie nehmen schriftlich teil/);
    assert.doesNotMatch(before, /sieht und hört Sie|einschalten/);
    const field = `form:has(${hook('chat-send')}) input`;
    await hasFocus(guest, field);
    await says(guest, hook('told'), /Sie nehmen schriftlich teil/);
    for (const dead of ['mic', 'camera']) assert.equal(await guest.has(hook(dead)), false);
    await says(talk, hook('told'), /Wanda Schriftlich nimmt schriftlich teil/);
    await talk.wait(field);
    await hasFocus(talk, 'h1'); // the keys of the advisor go on working
    assert.equal(await talk.has(hook('unblock')), false, 'there is nothing to hear');
    await until('the guest sees', async () => (await guest.eval(received)).frames > 5);

    await guest.page.keyboard.type('Guten Tag, ich kann nicht sprechen.');
    await guest.press('Enter');
    await until('it is read', async () => /Guten Tag/.test(await talk.text('[role=log]')));
    for (const width of [390, 1280]) {
      for (const [page, name] of [[guest, '15-in-writing'], [talk, '16-in-writing-staff']]) {
        await look(page, { width, colorScheme: 'light' });
        await pictures.see(page, `${name}-${width}`);
      }
    }
    await guest.press('Escape');
    await hasFocus(guest, hook('chat'));
    await guest.click(hook('more'));
    await guest.wait('dialog[open] [data-state=both-missing]');
    await pictures.see(guest, '17-in-writing-more');
    await guest.press('Escape');
    await talk.click(hook('end'));
    await talk.click(hook('outcome-held'));
    await guest.wait(screen('goodbye'));
    await talk.close();
  } finally {
    await bare.close();
  }
});

test('who would rather write says so, also where camera and microphone work', { timeout: 180_000 }, async () => {
  const guest = await landing('Gerd Gehörlos');
  await guest.click(hook('check'));
  await guest.wait('video');
  await guest.click(hook('text'));
  await hasFocus(guest, 'h1');
  await says(guest, 'h1', /Schriftlich teilnehmen/);
  await gone(guest, 'video');
  await until('devices are off', async () => (await openDevices(guest)) === 0);
  await pictures.see(guest, '19-rather-in-writing');
  await guest.click(hook('arrive'));
  await guest.wait(screen('waiting'));
  await says(guest, 'main', /Sie nehmen schriftlich teil/);
  await says(list, waitingRow('Gerd Gehörlos'), /schriftlich/);
  const talk = await callIn(list, 'Gerd Gehörlos');
  await says(guest, hook('told'), /Sie nehmen schriftlich teil/);
  await says(talk, hook('told'), /Gerd Gehörlos nimmt schriftlich teil/);
  assert.equal(await openDevices(guest), 0);

  // Nothing to hear or see of the guest, and still it is noticed that the guest has gone.
  await says(talk, 'main', /Verbindung gut/);
  await guest.closeAll();
  await says(talk, hook('gone'), /Gerd Gehörlos ist gerade nicht verbunden/);
  await talk.click(hook('end'));
  await talk.click(hook('outcome-technical'));
  await talk.wait(hook('farewell'));
  await talk.close();
});

test('a chat that opened by itself goes when the guest speaks after all, but not from under the hands', { timeout: 180_000 }, async () => {
  const field = `form:has(${hook('chat-send')}) input`;
  for (const used of [false, true]) {
    const name = used ? 'Tina Tippt' : 'Sven Später';
    const guest = await landing(name);
    await guest.click(hook('check'));
    await guest.wait('video');
    await guest.click(hook('text'));
    await guest.click(hook('arrive'));
    await guest.wait(screen('waiting'));
    const talk = await callIn(list, name);
    await talk.wait(field);
    await hasFocus(talk, 'h1');
    if (used) await talk.click(field);
    await gone(guest, hook('heads-up'));
    await guest.click(hook('more'));
    await guest.click(hook('join-in'));
    await gone(guest, 'dialog[open]');
    await until('the advisor sees the guest', () => showsFace(talk));
    if (used) {
      await hasFocus(talk, field);
      await talk.press('Escape');
      await hasFocus(talk, hook('chat'));
    }
    await gone(talk, field);
    await talk.click(hook('chat')); // asked for, it stays
    await hasFocus(talk, field);
    await endTalk(talk);
    await guest.wait(screen('goodbye'));
    await talk.close();
    await guest.closeAll();
  }
});

test('the way back asks while it rings, and the ringing stops when the answer is to go', { timeout: 180_000 }, async () => {
  const guest = await landing('Klara Klingel');
  await enter(guest);
  await hide(guest, true);
  const talk = await callIn(list, 'Klara Klingel');
  await guest.wait(screen('called'));
  await hide(guest, false);
  await guest.back();
  await guest.wait('dialog[open]');
  assert.match(await guest.text('dialog[open]'), /Gespräch verlassen\?/);
  await pictures.guest(guest, '18-back-ringing');
  await guest.click(hook('stay'));
  await gone(guest, 'dialog[open]');
  await guest.wait(screen('called'));
  await guest.back();
  await guest.click(hook('leave-really'));
  await guest.wait(screen('landing'));
  await talk.wait(hook('farewell'));
  await talk.close();
  await guest.closeAll();
});

test('rather by telephone: a task at the desk, and the seat stays', { timeout: 180_000 }, async () => {
  const page = await landing('Bruno Rückruf');
  await page.click(hook('callback'));
  await pictures.guest(page, '20-callback');
  const language = await page.eval(() => document.documentElement.lang);
  assert.match(await page.text('dialog[open]'), { de: /Montag bis Freitag/, en: /Monday to Friday/ }[language], 'the opening hours follow the language');
  await page.click(hook('callback-send'));
  await page.wait('dialog[open] [aria-invalid=true]');
  await hasFocus(page, 'input[type=tel]');
  await page.fill('dialog[open] input[type=tel]', '12');
  await page.click(hook('callback-send'));
  await page.wait('dialog[open] [aria-invalid=true]');
  await hasFocus(page, 'input[type=tel]');
  await pictures.guest(page, '21-callback-wrong');
  await page.fill('dialog[open] input[type=tel]', '0170 1234567');
  await page.click(hook('callback-send'));
  await page.page.locator('dialog[open]').waitFor({ state: 'hidden' });
  await hasFocus(page, hook('callback'));
  await pictures.guest(page, '22-callback-noted');
  await until('the task', async () => /170.123.45.67/.test(await list.text(`${hook('task')}:has-text("Bruno Rückruf")`)));
  await enter(page);
  await until('the wish beside who waits', async () => /lieber telefonieren: 0170.123.45.67/.test(await list.text(`${hook('waiting-row')}:has-text("Bruno Rückruf")`)));
});

test('another time, and not at all', { timeout: 180_000 }, async () => {
  const page = await landing('Carla Anderszeit');
  await page.click(hook('change'));
  await pictures.guest(page, '25-change');
  await page.click(hook('move'));
  await page.page.locator('dialog[open]').waitFor({ state: 'hidden' });
  await pictures.guest(page, '26-move-noted');
  await until('the wish', () => list.eval(() => /Carla Anderszeit braucht eine andere Zeit/.test(document.querySelector('main').innerText)));
  await page.click(hook('change'));
  await page.click(hook('cancel'));
  await pictures.guest(page, '28-cancel-sure');
  await page.click(hook('cancel-really'));
  await page.wait(screen('cancelled'));
  await until('the list says so', async () => /Der Termin von Carla Anderszeit heute, \d\d?:\d\d Uhr, wurde abgesagt/.test(await list.text(hook('receipt'))));
  await pictures.guest(page, '27-cancelled');
});

test('an open page is told of a move and of a cancellation, and still knows after a reload', { timeout: 180_000 }, async () => {
  const { link, id, version } = await invite('Emil Offen');
  const looking = await visit(link);
  await looking.wait(screen('landing'));
  const checking = await visit(link);
  await checking.click(hook('check'));
  await checking.wait('video');
  const moved = await call('POST', `appointments/${id}/move`, { version, startsAt: Math.ceil(Date.now() / minute) * minute + 15 * minute });
  for (const page of [looking, checking]) await page.wait(screen('moved'));
  assert.equal(await checking.eval(() => globalThis.keptTracks.some((track) => track.readyState === 'live')), false);
  await looking.reload();
  await looking.wait(screen('moved'));
  await pictures.guest(looking, '28-moved-open');
  assert.doesNotMatch((await looking.text('main')).replace(/8:00 to 18:00/, ''), /\d\d:\d\d/, 'the new time is told by the new link');
  assert.equal(await looking.has('main a[href^="tel:"]'), true);

  // Who has asked to be called is not told so any more, and nobody has to call.
  await looking.goto('about:blank');
  await looking.goto(moved.link);
  await looking.wait(screen('landing'));
  await looking.click(hook('callback'));
  await looking.fill('dialog[open] input[type=tel]', '0170 7654321');
  await looking.click(hook('callback-send'));
  await until('the task', async () => /Emil Offen/.test(await list.text('main section:has([data-testid=task])')));
  await call('POST', `appointments/${id}/cancel`, { version: moved.version });
  await looking.wait(screen('cancelled'));
  for (const again of [false, true]) {
    if (again) await looking.reload();
    await looking.wait(screen('cancelled'));
    assert.doesNotMatch(await looking.text('main'), /Wir rufen Sie an/);
    assert.equal(await looking.has('main a[href^="tel:"]'), true);
  }
  await until('nothing to do', () => list.eval(() => ![...document.querySelectorAll('[data-testid=task]')].some((task) => /Emil Offen/.test(task.innerText))));
  await looking.closeAll();
  await checking.closeAll();
});

test('links that lead no further say so and offer the telephone', { timeout: 180_000 }, async () => {
  const { link, id, version } = await invite('Doris Verschoben', { after: 60 * minute });
  const page = await visit(link.slice(0, -6));
  await page.wait(screen('unknown'));
  await pictures.guest(page, '30-truncated');
  await page.goto('about:blank');
  await page.goto(`${world.server.url}/t/demo#${'A'.repeat(43)}`);
  await page.wait(screen('unknown'));
  await page.goto('about:blank');
  await page.goto(`${world.server.url}/t/demo`);
  await page.wait(screen('unknown'));

  const moved = await call('POST', `appointments/${id}/move`, { version, startsAt: Math.ceil(Date.now() / minute) * minute + 26 * 60 * minute });
  await page.goto('about:blank');
  await page.goto(link);
  await page.wait(screen('moved'));
  await pictures.guest(page, '31-moved');
  await page.goto('about:blank');
  await page.goto(moved.link);
  await page.wait(screen('early'));
  await until('the page says when', async () => /Der Warteraum öffnet morgen um \d\d:\d\d Uhr\./.test(await page.text('main')));
  await pictures.guest(page, '32-early');

  const later = await invite('Egon Telefon', { after: -2 * minute });
  await call('POST', `appointments/${later.id}/outcome`, { version: later.version, outcome: 'phone' });
  await page.goto('about:blank');
  await page.goto(later.link);
  await page.wait(screen('closed'));
  await pictures.guest(page, '33-closed');
  await page.closeAll();
});

// States that take long to come, or chance: the server's answer is changed on its way.
test('states that are seldom seen', { timeout: 180_000 }, async () => {
  const { link } = await invite('Frieda Selten');
  const page = await world.chromium.newPage(phone);
  await page.page.route('**/stream?*', (route) => route.abort()); // it would say how it is
  const talk = { id: 't', generation: 1, staffName: 'Sabine Krüger', admittedAt: Date.now(), headsUpMs: 0 };
  for (const [name, shows, change] of [
    ['40-late', 'late', { opensAt: 1, startsAt: 2, endsAt: 3, closesAt: 4 }],
    ['41-elsewhere', 'elsewhere', { state: 'waiting', elsewhere: true }],
    ['42-talking-elsewhere', 'elsewhere', { state: 'talking', elsewhere: true, talk }],
    ['43-asked', 'asked', { state: 'talking', elsewhere: true, takeover: 'asked', talk }],
    ['44-refused', 'refused', { state: 'talking', elsewhere: true, takeover: 'refused', talk }],
    ['45-technical', 'closed', { state: 'closed', closedReason: 'technical' }],
    ['46-noshow', 'closed', { state: 'closed', closedReason: 'noshow' }],
    ['47-throttled', 'throttled', 429],
    ['48-offline', 'offline', 0],
  ]) {
    await page.page.route('**/api/guest/demo/open', async (route) => {
      if (change === 0) return route.abort();
      if (change === 429) return route.fulfill({ status: 429, contentType: 'application/problem+json', body: JSON.stringify({ code: 'link.throttled' }) });
      const response = await route.fetch();
      return route.fulfill({ response, json: { ...(await response.json()), ...change } });
    });
    await page.goto(link);
    await page.wait(screen(shows));
    await pictures.guest(page, name);
    await page.page.unroute('**/api/guest/demo/open');
    await page.goto('about:blank');
  }
  await page.closeAll();
});

test('browsers that cannot, and apps that will not: one sentence, and every way on', { timeout: 180_000 }, async () => {
  const { link } = await invite('Gisela Mailprogramm');
  const ios = 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148';
  const android = 'Mozilla/5.0 (Linux; Android 14; SM-A146B; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/125.0 Mobile Safari/537.36';
  for (const [name, state, userAgent, spoil] of [
    ['50-instagram', 'in-app', `${ios} Instagram 330.0.3.29.109`],
    ['51-gmx', 'in-app', android],
    ['', 'in-app', `${android} [FB_IAB/FB4A;FBAV/465.0]`],
    ['', 'in-app', `${ios} GSA/310.0 Safari/604.1`],
    ['', 'in-app', `${ios} Outlook-iOS/4.2`],
    ['52-old', 'old', undefined, () => delete Array.prototype.toSorted],
    ['53-no-camera-access', 'no-call', undefined, () => delete globalThis.MediaDevices.prototype.getUserMedia],
  ]) {
    const page = await world.chromium.newPage({ ...phone, ...(userAgent ? { userAgent } : {}) });
    if (spoil) await page.page.addInitScript(spoil);
    await page.goto(link);
    await page.wait(`[data-state=${state}]`);
    assert.equal(await page.page.locator(hook('check')).count(), 0, 'no button that would fail');
    assert.match(await page.text('main'), /Link kopieren/);
    assert.match(await page.text('main'), /Lieber telefonieren/);
    if (state !== 'no-call') assert.match(await page.text('main'), /Nur mit Ton teilnehmen/);
    if (name) await pictures.guest(page, name);
    await page.closeAll();
  }
});

test('without JavaScript: what this is, and the telephone number', { timeout: 180_000 }, async () => {
  for (const [locale, what] of [['de-DE', /sprechen Sie per Video/], ['en-GB', /by video/]]) {
    const page = await visit(`${world.server.url}/t/demo#geheim`, { javaScriptEnabled: false, locale });
    const text = await page.page.locator('body').innerText();
    assert.match(text, what);
    assert.match(text, /030 23125 000/);
    assert.equal(await page.page.locator('a[href^="tel:"]').count(), 1);
    await page.shot(`${RESULTS}/55-noscript-${locale.slice(0, 2)}.png`);
    await page.closeAll();
  }
});

test('the front page, the test page and addresses nobody knows', { timeout: 180_000 }, async () => {
  const page = await visit(world.server.url);
  await page.wait(screen('home'));
  await pictures.guest(page, '60-home');
  assert.equal((await page.goto(`${world.server.url}/termin`)).status(), 404);
  await page.wait(screen('home'));
  await pictures.guest(page, '61-not-found');
  await page.goto(`${world.server.url}/test`);
  await page.wait(screen('test'));
  await pictures.guest(page, '62-test');
  await page.click(hook('test-start'));
  await page.wait('[data-state=ok-ok]');
  await hasFocus(page, hook('test-devices'));
  await page.click(hook('test-paths'));
  await page.wait(`${hook('test-network')}[data-state=done]`);
  const paths = await page.eval(() => Object.fromEntries([...document.querySelectorAll('[data-path]')].map((row) => [row.dataset.path, row.dataset.ok])));
  assert.equal(paths.udp, 'true');
  assert.equal(paths.tcp, 'true');
  await pictures.guest(page, '63-test-done');
  await page.closeAll();
});

// Tab until the focus is where it should be; whoever sees must see where it is.
async function tabTo(page, selector, most = 20) {
  for (let i = 0; i < most; i++) {
    await page.press('Tab');
    const [there, ring] = await page.eval((wanted) => {
      const focused = document.activeElement;
      const style = getComputedStyle(focused);
      return [focused.matches(wanted), style.outlineStyle !== 'none' || style.boxShadow !== 'none'];
    }, selector);
    assert.ok(ring, 'the focus is seen');
    if (there) return;
  }
  assert.fail(`${selector} was not reached in ${most} steps`);
}

// A telephone, a small one, and letters of double size.
test('the way into the waiting room is in sight at once, and covers nothing that has the focus', { timeout: 180_000 }, async () => {
  const guest = await landing('Ina Imblick');
  await guest.click(hook('check'));
  await guest.wait(screen('check'));
  await guest.wait(hook('devices'));
  for (const [width, height] of [[390, 844], [320, 568], [195, 422]]) {
    await guest.page.setViewportSize({ width, height });
    await guest.eval(() => {
      scrollTo(0, 0);
      document.querySelector('h1').focus();
    });
    await until('the button is in the window', () => guest.eval((button) => document.querySelector(button).getBoundingClientRect().bottom <= innerHeight, hook('arrive')));
    for (const key of ['Tab', 'Shift+Tab']) {
      for (let i = 0; i < 5; i++) {
        await guest.press(key);
        await focusInSight(guest, `${width} × ${height}, ${key}`);
      }
    }
    await guest.page.screenshot({ path: fileURLToPath(new URL(`../results/ways/16-in-sight-${width}.png`, import.meta.url)) });
  }
  await guest.click(hook('arrive'));
  await guest.wait(screen('waiting'));
  await guest.closeAll();
});

test('by keyboard alone, from the link to the talk and from signing in to calling in', { timeout: 180_000 }, async () => {
  const { link } = await invite('Hanna Tastatur');
  const guest = await visit(link);
  await guest.wait(screen('landing'));
  await tabTo(guest, hook('check'));
  await pictures.see(guest, '70-focus');
  await guest.press('Enter');
  await guest.wait(screen('check'));
  await tabTo(guest, hook('arrive'));
  await guest.press('Enter');
  await guest.wait(screen('waiting'));
  await pictures.guest(guest, '71-waiting');
  await look(guest, { language: 'de', width: 390, colorScheme: 'light' });

  const staff = await world.chromium.newPage();
  await staff.goto(`${world.server.url}/staff`);
  await staff.wait(screen('signin'));
  await tabTo(staff, 'input[name=email]');
  await staff.page.keyboard.type(ADVISORS.sabine);
  await tabTo(staff, 'input[type=password]');
  await staff.page.keyboard.type(world.server.password());
  await staff.press('Enter');
  await staff.wait(screen('today'));
  await until('Hanna waits, with the camera that opened while she entered', () => staff.eval(() => /Hanna Tastatur[^]*?mit Kamera/.test(document.querySelector('main').innerText)));
  await pictures.staff(staff, '72-today-full');
  await staff.press('?');
  await staff.wait('dialog[open]');
  await pictures.staff(staff, '73-shortcuts');
  await staff.press('Escape');
  await look(staff, { language: 'de', width: 1280, colorScheme: 'light' });
  await staff.press('/');
  await staff.page.keyboard.type('hanna');
  await until('only Hanna is shown', async () => (await staff.page.locator(hook('waiting-row')).count()) === 1);
  await pictures.staff(staff, '74-search');
  await tabTo(staff, hook('admit'));
  const talk = await staff.nextPopup(() => staff.press('Enter'));
  await until('the guest sees', async () => (await guest.eval(received)).frames > 5);
  await hasFocus(staff, '[data-testid=talking-row]');
  await inTheTalk(guest, talk);
  await staff.closeAll();
});

// The bar keeps its one row, whatever is on or off and however many messages wait.
async function inTheTalk(guest, talk) {
  const places = (page) =>
    page.eval(async () => {
      // The new size is drawn before it is measured.
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      const bar = document.querySelector('[data-testid=mic]').parentElement;
      return [...bar.children].map((button) => [button.getBoundingClientRect().left, button.getBoundingClientRect().top].map(Math.round).join());
    });
  // Under load, Chromium goes on for some frames with the style of the former size: the bar ends where the window does.
  const atTheBottom = (page) => page.eval(() => innerHeight - document.querySelector('[data-testid=mic]').parentElement.getBoundingClientRect().bottom < 60);
  const oneRow = async (page, width) => {
    await look(page, { width, colorScheme: 'light' });
    return until(`one row at ${width} pixels`, async () => {
      const bar = await places(page);
      return new Set(bar.map((place) => place.split(',')[1])).size === 1 && (await atTheBottom(page)) && bar;
    });
  };
  const bars = {};
  for (const width of [320, 390]) bars[width] = await oneRow(guest, width);
  await talk.click(hook('chat'));
  await talk.page.keyboard.type('Haben Sie den Bescheid zur Hand?');
  await talk.press('Enter');
  await talk.page.keyboard.type('Er ist vom 3. November.');
  await talk.press('Enter');
  await until('two unread messages', () => guest.eval(() => /2/.test(document.querySelector('[data-testid=chat]').innerText)));
  await guest.click(hook('mic'));
  await guest.click(hook('camera'));
  await until('it is said', () => guest.eval(() => /Ihre Kamera und Ihr Ton sind aus/.test(document.querySelector('[data-testid=told]').innerText)));
  assert.deepEqual(await places(guest), bars[390], 'nothing in the bar has moved');
  await pictures.see.both(guest, '80-talk-unread-390');
  assert.deepEqual(await oneRow(guest, 320), bars[320], 'nothing in the bar has moved');
  await pictures.see(guest, '81-talk-320');
  await guest.click(hook('mic'));
  await guest.click(hook('camera'));
  await oneRow(talk, 390);
  await pictures.see(talk, '82-talk-staff-chat-390');
  await talk.press('Escape');
  await pictures.see(talk, '83-talk-staff-390');
  await look(talk, { width: 1280, colorScheme: 'light' });
  await pictures.see(talk, '84-talk-staff-1280');
  await toTheTopLeft(talk);

  await guest.click(hook('code-chip'));
  await guest.click(hook('compared'));
  await guest.page.locator('dialog[open]').waitFor({ state: 'hidden' });
  await until('the thanks', () => guest.eval(() => /Danke/.test(document.querySelector('[data-testid=told]').innerText)));
  await pictures.see.both(guest, '85-code-mine');
  await talk.click(hook('code-chip'));
  await talk.click(hook('compared'));
  await until('both have compared', () => guest.eval(() => /verglichen/.test(document.querySelector('[data-testid=code-chip]').innerText)));
  await guest.click(hook('leave'));
  await pictures.see.both(guest, '86-leave');
  await guest.click(hook('leave-really'));
  await guest.wait(`${screen('waiting')}, ${screen('landing')}`);
  await pictures.guest(guest, '87-left');
  await talk.wait(hook('farewell'));
  await guest.closeAll();
}

// One's own picture goes to the corner that it is dragged to.
async function toTheTopLeft(talk) {
  const own = talk.page.locator(hook('self-view'));
  const { x, y, width, height } = await own.boundingBox();
  await talk.page.mouse.move(x + width / 2, y + height / 2);
  await talk.page.mouse.down();
  await talk.page.mouse.move(60, 160, { steps: 5 });
  await talk.page.mouse.up();
  await until('it is there', async () => {
    const there = await own.boundingBox();
    return there.x < 100 && there.y < 200;
  });
}

test('twice as large, very narrow, and in the colours of the system', { timeout: 180_000 }, async () => {
  const page = await landing('Ida Großschrift');
  const looks = async (name) => {
    await look(page, { language: 'de', width: 320, colorScheme: 'light' });
    await pictures.see(page, `${name}-320`);
    await look(page, { width: 390, colorScheme: 'dark' });
    await page.eval(() => (document.documentElement.style.fontSize = '32px'));
    await pictures.see(page, `${name}-200-percent`);
    await page.eval(() => (document.documentElement.style.fontSize = ''));
    await page.page.emulateMedia({ forcedColors: 'active' });
    await page.shot(`${RESULTS}/${name}-forced-colors.png`);
    await page.page.emulateMedia({ forcedColors: 'none' });
  };
  await looks('90-landing');
  await page.click(hook('check'));
  await page.wait('video');
  await looks('91-check');
  await page.click(hook('arrive'));
  await page.wait(screen('waiting'));
  await looks('92-waiting');
  await page.closeAll();
});

test('the mail, as it lands', { timeout: 180_000 }, async () => {
  const page = await world.chromium.newPage(phone);
  await page.goto(`${world.server.url}/demo/mail`);
  const html = await page.eval(() => document.querySelector('a[href$="/html"]').getAttribute('href'));
  await page.page.locator('article').first().screenshot({ path: `${RESULTS}/95-mail-text.png` });
  await page.goto(`${world.server.url}${html}`);
  for (const [width, colorScheme] of [[320, 'light'], [390, 'dark'], [1280, 'light']]) {
    await look(page, { width, colorScheme });
    // A mail is no page; and of colours that are the reader's own, axe knows only the light ones.
    await pictures.see(page, `96-mail-${width}-${colorScheme}`, { 'color-contrast': { enabled: colorScheme === 'light' }, region: { enabled: false }, 'landmark-one-main': { enabled: false }, 'page-has-heading-one': { enabled: false } });
  }
  await page.closeAll();
});

test('signing in is slowed down after many failures, and says for how long', { timeout: 180_000 }, async () => {
  const page = await world.chromium.newPage();
  await page.goto(`${world.server.url}/staff`);
  await page.wait(screen('signin'));
  await page.eval(async (email) => {
    for (let i = 0; i < 12; i++) await fetch('/api/staff/session', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ agency: '', email, password: 'wrong-wrong-wrong' }) });
  }, ADVISORS.jonas);
  await page.fill('input[name=email]', ADVISORS.jonas);
  await page.fill('input[type=password]', 'wrong-wrong-wrong');
  await page.click(hook('signin-submit'));
  await until('the refusal', () => page.eval(() => /zu viele Versuche/.test(document.querySelector('main').innerText)));
  await pictures.staff(page, '98-signin-throttled');
  await page.closeAll();
});

test('nothing but our own host was asked, and the console stayed quiet', () => {
  onlyOurHost(world.chromium, world.server);
  quietConsole(world.chromium, [/40[14] .*\/api\//, /4(10|22|29) /, /404 .*\/termin/, /ERR_FAILED/]);
  assert.ok(pictures.count() > 80, `${pictures.count()} pictures`);
});
