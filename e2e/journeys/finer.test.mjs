// Somebody's background is blurred on its way to the other side, noise is dampened or not, and what happens when that
// fails, in the middle of a talk and without a new connection.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { album } from '../lib/album.mjs';
import { look } from '../lib/looks.mjs';
import { DESK, PHONE, advisor, appoint, callIn, flows, goIn, guestAt, says } from '../lib/office.mjs';
import { received, until } from '../lib/page.mjs';
import { bothSeeAndHear, endTalk, hook, screen } from '../lib/steps.mjs';
import { demoWorld, onlyOurHost, quietConsole } from '../lib/world.mjs';

const LIMIT = { timeout: 180_000 };
const see = album('finer');
let world, guest, talk;

// Runs in a page before its own scripts: keeps its workers and what it asks of devices.
function keepWorkers() {
  globalThis.keptWorkers = [];
  globalThis.askedFor = [];
  globalThis.Worker = class extends Worker {
    constructor(...args) {
      super(...args);
      globalThis.keptWorkers.push(this);
    }
  };
  const { getUserMedia } = MediaDevices.prototype;
  MediaDevices.prototype.getUserMedia = function (wanted) {
    globalThis.askedFor.push(wanted);
    return getUserMedia.call(this, wanted);
  };
  // What is plugged in: the pretended devices, and what a test puts beside them.
  globalThis.plugged = [];
  const { enumerateDevices } = MediaDevices.prototype;
  MediaDevices.prototype.enumerateDevices = async function () {
    return [...(await enumerateDevices.call(this)), ...globalThis.plugged];
  };
}

// Runs in a page before its own scripts: which cameras it gives to a connection as they are.
function keepBare() {
  globalThis.bareCameras = [];
  const { replaceTrack } = RTCRtpSender.prototype;
  RTCRtpSender.prototype.replaceTrack = function (track) {
    if (track?.kind === 'video' && !(track instanceof MediaStreamTrackGenerator)) globalThis.bareCameras.push(track.label);
    return replaceTrack.call(this, track);
  };
}

before(async () => {
  world = await demoWorld();
  const list = await advisor(world);
  const { link } = await appoint(list, { name: 'Gerda Beispiel' });
  guest = await guestAt(world.chromium, 'about:blank', PHONE);
  await guest.context.addInitScript(keepWorkers);
  await guest.goto(link);
  await guest.wait(screen('landing'));
  await goIn(guest);
  await guest.wait(screen('waiting'));
  talk = await callIn(list, 'Gerda Beispiel');
  await bothSeeAndHear(guest, talk);
});
after(() => world?.close());

// How much neighbouring points of the arriving picture differ, at the top left, where the pretended camera counts its
// pictures in small digits; its disk passes for a person. Runs in the page.
function edges() {
  const video = document.querySelector('[data-testid=other] .person video');
  if (!video?.videoWidth) return 0;
  const [width, height] = [160, 60];
  const context = Object.assign(document.createElement('canvas'), { width, height }).getContext('2d', { willReadFrequently: true });
  context.drawImage(video, 0, 0, video.videoWidth * 0.4, video.videoHeight * 0.15, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  let sum = 0;
  for (let i = 4; i < data.length; i += 4) sum += Math.abs(data[i + 1] - data[i - 3]);
  return sum / (width * height);
}

const connections = (page) => page.eval(() => globalThis.keptConnections.length);
const blurBox = (page) => page.page.locator('dialog[open] input[type=checkbox]').first();

async function openFiner(page) {
  await page.click(hook('more'));
  await page.click(hook('finer-open'));
  await page.wait(`${hook('blur-state')}, ${hook('blur-unable')}`);
}

test('the background arrives blurred, in the same connection, and sharp again afterwards', LIMIT, async () => {
  const sharp = await until('the picture has edges', async () => {
    const now = await talk.eval(edges);
    return now > 1 && now; // not before there is a whole picture
  });
  assert.equal(await guest.eval(() => globalThis.keptWorkers.length), 0, 'nothing is loaded for it before');
  const before = await connections(guest);
  await openFiner(guest);
  await blurBox(guest).check();
  await guest.wait(`${hook('blur-state')}[data-state=on]`);
  await until('the edges have gone', async () => (await talk.eval(edges)) < sharp / 2);
  await flows(talk, 'the advisor');
  for (const [size, colorScheme] of [[PHONE, 'light'], [DESK, 'dark'], [{ width: 320 }, 'dark']]) {
    await look(guest, { ...size, colorScheme });
    await see(guest, `01-on-${size.width}`);
  }
  await look(guest, PHONE);
  await guest.press('Escape');
  await see(guest, '02-self-view');
  await see(talk, '02-arrives');
  // Another opening of the same camera does not show what was hidden.
  await guest.click(hook('camera'));
  await guest.click(hook('camera'));
  await flows(talk, 'the advisor');
  assert.ok((await talk.eval(edges)) < sharp / 2, 'still blurred');
  await openFiner(guest);
  await blurBox(guest).uncheck();
  await until('the edges are back', async () => (await talk.eval(edges)) > sharp * 0.7);
  assert.equal(await connections(guest), before, 'no new connection');
});

test('noise is dampened unless somebody does not want it', LIMIT, async () => {
  const noise = (page) => page.eval(() => globalThis.askedFor.at(-1).audio?.noiseSuppression);
  const box = guest.page.locator('dialog[open] input[type=checkbox]').nth(1);
  assert.equal(await box.isChecked(), true);
  await box.uncheck();
  await until('the microphone is opened without', async () => (await noise(guest)) === false);
  await box.check();
  await until('the microphone is opened with it', async () => (await noise(guest)) === true);
  await flows(talk, 'the advisor');
});

// Loads a page anew, and looks at what of it arrives at the other one until pictures do, and a good while on.
async function sharpestAfterReload(page, other) {
  const seen = async () => ({ edges: await other.eval(edges), frames: (await other.eval(received)).frames });
  const { frames } = await seen();
  await page.reload();
  let [sharpest, looks] = [0, 0];
  await until('pictures arrive again', async () => {
    const now = await seen();
    sharpest = Math.max(sharpest, now.edges);
    // Counted anew by the next connection.
    if (now.edges > 0 && now.frames !== frames && (await page.has(`${hook('camera')}[aria-label="Kamera ausschalten"]`))) looks += 1;
    return looks > 20;
  }, { every: 50, deadline: 60_000 });
  await flows(other, 'the other one');
  return sharpest;
}

test('a page that is loaded anew shows nothing of what was hidden, on either side', LIMIT, async () => {
  await guest.press('Escape');
  for (const [page, other, name] of [[guest, talk, 'guest'], [talk, guest, 'advisor']]) {
    const sharp = await until('the picture has edges', async () => {
      const now = await other.eval(edges);
      return now > 1 && now;
    });
    await openFiner(page);
    await blurBox(page).check();
    await page.wait(`${hook('blur-state')}[data-state=on]`, 60_000);
    await until('the edges have gone', async () => (await other.eval(edges)) < sharp / 2);
    await page.context.addInitScript(keepBare);
    const sharpest = await sharpestAfterReload(page, other);
    assert.ok(sharpest < sharp / 2, `${name}: ${sharpest} of ${sharp}`);
    assert.deepEqual(await page.eval(() => globalThis.bareCameras), [], `${name}: nor is it sent for a moment`);
    await openFiner(page);
    await page.wait(`${hook('blur-state')}[data-state=on]`);
    assert.equal(await blurBox(page).isChecked(), true, 'and says so');
    await see(page, `08-${name}-again`);
    await blurBox(page).uncheck();
    await until('the edges are back', async () => (await other.eval(edges)) > sharp * 0.7);
    await page.press('Escape');
  }
});

const is = (device, on) => `${hook(device)}[aria-label="${device === 'mic' ? 'Ton' : 'Kamera'} ${on ? 'ausschalten' : 'einschalten'}"]`;

test('what somebody has switched off stays off when the page is loaded anew, on either side, and comes back by their button', LIMIT, async () => {
  for (const [page, other] of [[guest, talk], [talk, guest]]) {
    for (const device of ['mic', 'camera']) {
      await page.click(is(device, true));
      await page.wait(is(device, false));
    }
    await page.reload();
    await page.wait('.talk[data-state=connected]', 60_000);
    await other.wait('.talk[data-state=connected]', 60_000);
    for (const device of ['mic', 'camera']) assert.ok(await page.has(is(device, false)), `${device} is off`);
    assert.equal(await page.eval(() => globalThis.keptTracks.length), 0, 'and was not opened for a moment');
    for (const device of ['mic', 'camera']) {
      await page.click(is(device, false));
      await page.wait(is(device, true));
    }
    await bothSeeAndHear(guest, talk);
    await page.reload();
    await page.wait(is('mic', true), 60_000);
    await page.wait(is('camera', true), 60_000);
    await bothSeeAndHear(guest, talk);
  }
});

test('a headset that is plugged in is offered, and a device that goes or is held is told to both', LIMIT, async () => {
  await guest.eval(() => {
    globalThis.plugged.push({ kind: 'audioinput', deviceId: 'usb', groupId: 'usb', label: 'USB-Kopfhörer' });
    navigator.mediaDevices.dispatchEvent(new Event('devicechange'));
  });
  await guest.wait(hook('plugs-offer'));
  for (const [size, colorScheme] of [[{ width: 320 }, 'light'], [DESK, 'light'], [PHONE, 'dark']]) {
    await look(guest, { ...size, colorScheme });
    await see(guest, `04-offer-${size.width}`);
  }
  await guest.click(hook('plugs-refuse'));
  await until('it is not asked again', async () => !(await guest.has(hook('plugs-offer'))));
  const tell = (type, kind) => guest.eval((event, of) => {
    const track = globalThis.keptTracks.findLast((one) => one.kind === of && one.readyState === 'live');
    Object.defineProperty(track, 'muted', { configurable: true, value: event === 'mute' });
    track.dispatchEvent(new Event(event));
  }, type, kind);
  await tell('mute', 'audio');
  await says(guest, hook('plugs'), /Man hört Sie gerade nicht/);
  await says(talk, hook('plugs'), /Gerda Beispiel wird gerade unterbrochen/);
  await see(talk, '05-paused');
  await tell('unmute', 'audio');
  await until('it is over for both', async () => !(await guest.text(hook('plugs'))).trim() && !(await talk.text(hook('plugs'))).trim());
  // As a cable that is pulled out ends it.
  await guest.eval(() => {
    const track = globalThis.keptTracks.findLast((one) => one.kind === 'audio' && one.readyState === 'live');
    track.stop();
    track.dispatchEvent(new Event('ended'));
  });
  await says(guest, hook('plugs'), /Sie sprechen jetzt über/);
  await see(guest, '06-instead');
  await flows(talk, 'the advisor');
});

test('keys do what the buttons do, are told on "?", and can be switched off', LIMIT, async () => {
  await guest.page.locator('main').first().focus();
  await guest.press('k');
  await guest.wait(`${hook('camera')}[aria-label="Kamera einschalten"]`);
  await guest.press('k');
  await guest.wait(`${hook('camera')}[aria-label="Kamera ausschalten"]`);
  await guest.press('e');
  await guest.wait('dialog[open]');
  await guest.press('Escape');
  await guest.press('?');
  await guest.wait('dialog[open] kbd');
  await see(guest, '07-keys');
  await guest.page.locator('dialog[open] input[type=checkbox]').uncheck();
  await guest.press('Escape');
  await guest.press('k');
  await guest.press('?'); // pressed after the other one: by now that one would have done something
  await guest.wait('dialog[open] kbd');
  assert.ok(await guest.has(`${hook('camera')}[aria-label="Kamera ausschalten"]`));
  await guest.press('Escape');
  await talk.press('?');
  await talk.wait('dialog[open] kbd');
  await talk.press('Escape');
});

test('where the blurring fails, the camera goes off rather than showing what was hidden', LIMIT, async () => {
  await openFiner(guest);
  await blurBox(guest).check();
  await guest.wait(`${hook('blur-state')}[data-state=on]`);
  await guest.press('Escape');
  await guest.eval(() => globalThis.keptWorkers.at(-1).dispatchEvent(new Event('error')));
  await guest.wait(hook('blur-lost'));
  await guest.wait(`${hook('camera')}[aria-label="Kamera einschalten"]`);
  await see(guest, '03-lost');
  await guest.click(hook('camera'));
  await flows(talk, 'the advisor');
  await endTalk(talk);
  onlyOurHost(world.chromium, world.server);
  quietConsole(world.chromium, [/401 .*\/api\/staff\/session/]);
});
