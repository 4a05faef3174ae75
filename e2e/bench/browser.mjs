// What a guest and an advisor wait for, in Chromium, on this machine: writes bench/results/browser.json. Run by
// scripts/bench inside the journeys' network namespace.

import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bareTalks } from '../lib/bare.mjs';
import { launchChromium } from '../lib/chromium.mjs';
import { pluggedNetwork, SERVER_ADDRESS } from '../lib/network.mjs';
import { DEADLINE, received, until } from '../lib/page.mjs';
import { ADVISORS, admit, bothSeeAndHear, endTalk, enterWaitingRoom, hook, screen, signIn } from '../lib/steps.mjs';
import { tap } from '../lib/tap.mjs';
import { demoWorld, freePort } from '../lib/world.mjs';
import { stopwatch } from '../lib/stopwatch.mjs';
import { latencies } from '../lib/typing.mjs';

const RUNS = Number(process.env.VISAVIS_BENCH_RUNS ?? 20);
const CUTS = Number(process.env.VISAVIS_BENCH_CUTS ?? 5);
const CUT_MS = 10_000;
const MOVES = Number(process.env.VISAVIS_BENCH_MOVES ?? 8);
// What was on its way has arrived by then; and so long a connection has stood before its next change.
const ON_ITS_WAY_MS = 250;
const STANDS_MS = 5_000;
const DEATHS = 3;
const DEAD_MS = 2_000;
const LETTERS = 100;
const FILE_BYTES = 3_000_000;
// On a machine that is so busy that the connection counts as weak a file takes two minutes; that is a figure, too.
const SLOW_FILE_MS = 150_000;
// A usual camera's pictures per second; the browser's pretended one gives 20 unless told.
const CAMERA = { unwatched: true, args: ['--use-fake-device-for-media-stream=fps=30'] };
// Nobody clicks sooner after somebody has come.
const A_GLANCE_MS = 500;

const sorted = (values) => [...values].sort((a, b) => a - b);
const median = (values) => sorted(values)[Math.floor(values.length / 2)];
const p95 = (values) => sorted(values)[Math.min(values.length - 1, Math.ceil(values.length * 0.95) - 1)];
const round = (value) => Math.round(value * 10) / 10;

// Books by the API of the page that is signed in; without an e-mail address the answer holds the link.
function bookNow(list) {
  return list.eval(async () => {
    const post = async (path, body) => {
      const response = await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
      if (!response.ok) throw new Error(await response.text());
      return response.json();
    };
    const me = await (await fetch('/api/staff/session')).json();
    const service = me.services.find((s) => s.departmentId === me.desks[0].departmentId);
    const startsAt = Math.ceil(Date.now() / 300_000) * 300_000;
    return post('/api/staff/appointments', { desk: me.desks[0].id, service: service.id, startsAt, citizen: { name: 'Gerda Beispiel' }, language: 'de' });
  });
}

async function watchedPage(chromium, options) {
  const page = await chromium.newPage(options);
  await page.context.addInitScript(stopwatch);
  return page;
}

// A window that a page opens is watched from its empty beginning, and not on: it has another document then.
async function openedWatched(list) {
  const talk = await admit(list);
  await talk.wait('main');
  await talk.eval(stopwatch);
  return talk;
}

// The window is there already, and waits for its next talk.
async function admitAgain(list, talk) {
  await Promise.all([list, talk].map((page) => page.eval(() => globalThis.restartWatch())));
  // As an advisor does: the list is on the screen, and the click leads to the window of the talk.
  await list.page.bringToFront();
  await list.click(hook('admit'));
}

// What a page has noted once it sees and hears the other side and has the code.
async function together(page) {
  const late = new Promise((resolve) => setTimeout(resolve, DEADLINE, null));
  const noted = await Promise.race([page.eval(() => globalThis.whenMarked('frame', 'sound', 'code')), late]);
  if (!noted) throw new Error(`not together: ${JSON.stringify(await page.eval(() => [document.visibilityState, globalThis.marks]))}`);
  return noted;
}

const marks = (page) => page.eval(() => globalThis.marks);

async function admissions(figures) {
  const world = await demoWorld({ browser: CAMERA, env: { VISAVIS_TALK_HEADS_UP: '0s', VISAVIS_LOG_LEVEL: 'error' } });
  const entered = [];
  const pictures = [];
  const told = [];
  const sounds = [];
  const codes = [];
  const bare = [];
  try {
    const bareTalk = await bareTalks(world.chromium);
    const list = await watchedPage(world.chromium, {});
    await signIn(list, world.server, ADVISORS.sabine);
    let talk;
    for (let run = 0; run <= RUNS; run += 1) {
      const { link } = await bookNow(list);
      const guest = await watchedPage(world.chromium, { width: 390, height: 844 });
      await guest.goto(link);
      await guest.wait(screen('landing'));
      await guest.click(hook('check'));
      await guest.wait('video');
      await guest.click(hook('arrive'));
      await guest.wait(screen('waiting'));
      const { 'click arrive': clicked, 'screen waiting': waiting } = await marks(guest);
      await list.wait(hook('admit'));
      await guest.page.waitForTimeout(A_GLANCE_MS);
      if (!talk) talk = await openedWatched(list);
      else await admitAgain(list, talk);
      const [a, b] = await Promise.all([guest, talk].map(together));
      const { 'click admit': admitted } = await marks(list);
      // The first admission opens the advisor's window, once a day.
      if (run > 0) {
        entered.push(waiting - clicked);
        pictures.push(Math.max(a.frame, b.frame) - admitted);
        told.push(Math.max(a.told, b.told) - admitted);
        sounds.push(Math.max(a.sound, b.sound) - admitted);
        codes.push(Math.max(a.code, b.code) - admitted);
      }
      await endTalk(talk);
      await guest.wait(screen('goodbye'));
      await guest.closeAll();
      // In turns, as a machine is not always as quick.
      if (run % 2 === 1) bare.push(await bareTalk(A_GLANCE_MS));
    }
  } finally {
    await world.close();
  }
  for (const [name, values] of [['click_to_waiting_ms', entered], ['admit_to_first_frame_ms', pictures], ['admit_to_first_frame_told_ms', told], ['admit_to_first_audio_ms', sounds], ['admit_to_code_ms', codes], ['bare_first_frame_ms', bare]]) {
    figures[`${name}_p50`] = round(median(values));
    figures[`${name}_p95`] = round(p95(values));
  }
}

// Real-time text: from a letter in one's field to the page of the other one, also where much gets lost on the way. Each
// packet passes twice, to the relay and from it.
const PER_PASS = { '': 0, lossy_: 1 - Math.sqrt(0.8) };

async function typing(figures) {
  const media = freePort();
  const relay = `127.0.0.2:${media}`;
  const world = await demoWorld({
    env: { VISAVIS_TALK_HEADS_UP: '0s', VISAVIS_LOG_LEVEL: 'error', VISAVIS_RELAY_UDP: relay, VISAVIS_RELAY_TCP: relay, VISAVIS_RELAY_ADVERTISE: '127.0.0.1' },
  });
  const line = await tap({ listen: { address: '127.0.0.1', port: media }, relay: { address: '127.0.0.2', port: media } });
  try {
    const list = await watchedPage(world.chromium, {});
    await signIn(list, world.server, ADVISORS.sabine);
    const { link } = await bookNow(list);
    const guest = await watchedPage(world.chromium, { width: 390, height: 844 });
    await enterWaitingRoom(guest, link);
    const talk = await openedWatched(list);
    await bothSeeAndHear(guest, talk);
    await guest.click(hook('more'));
    await guest.click(hook('live-open'));
    await guest.wait(hook('live'));
    for (const [key, share] of Object.entries(PER_PASS)) {
      // Before anything is lost: a weak connection keeps files back, for a while also afterwards.
      if (share > 0) await sendFile(figures, guest, talk);
      line.lose(share);
      const ms = sorted(await latencies({ from: guest, to: talk, name: 'Gerda Beispiel', letters: LETTERS }));
      figures[`rtt_${key}ms_p50`] = round(median(ms));
      figures[`rtt_${key}ms_p99`] = round(ms[Math.ceil(ms.length * 0.99) - 1]);
    }
  } finally {
    await world.close();
    line.close();
  }
}

// What somebody hears of the other one: samples in all, and those that had to be made up as nothing had come in time.
const heard = async () => {
  const sum = { samples: 0, concealed: 0 };
  for (const pc of globalThis.keptConnections) {
    for (const s of (await pc.getStats()).values()) {
      if (s.type !== 'inbound-rtp' || s.kind !== 'audio') continue;
      sum.samples += s.totalSamplesReceived ?? 0;
      sum.concealed += s.concealedSamples ?? 0;
    }
  }
  return sum;
};

// A file from a guest to an advisor, from the click that accepts it until it is there and looked into; and what it does
// to the voices meanwhile.
async function sendFile(figures, guest, talk) {
  await guest.click(hook('more'));
  await guest.click(hook('files-open'));
  const buffer = Buffer.concat([Buffer.from('%PDF-1.7\n'), randomBytes(FILE_BYTES - 9)]);
  await guest.page.locator(`${hook('files')} input[type=file]`).setInputFiles({ name: 'Akte.pdf', mimeType: 'application/pdf', buffer });
  await talk.wait(hook('file-accept'));
  const before = await Promise.all([guest, talk].map((page) => page.eval(heard)));
  const begun = Date.now();
  await talk.click(hook('file-accept'));
  await talk.wait(`${hook('file')}[data-state=here]`, SLOW_FILE_MS);
  figures.file_mbit_s = round((FILE_BYTES * 8) / 1_000 / (Date.now() - begun));
  const after = await Promise.all([guest, talk].map((page) => page.eval(heard)));
  const shares = after.map((now, i) => ((now.concealed - before[i].concealed) / (now.samples - before[i].samples)) * 100);
  figures.file_voice_concealed_percent = round(Math.max(...shares));
}

async function reconnections(figures) {
  const cable = await pluggedNetwork();
  const world = await demoWorld({
    host: SERVER_ADDRESS, tls: true,
    env: { VISAVIS_TALK_HEADS_UP: '0s', VISAVIS_LOG_LEVEL: 'error', VISAVIS_RELAY_ADVERTISE: SERVER_ADDRESS },
  });
  const far = await launchChromium({ executablePath: cable.chromium });
  const back = [];
  try {
    const list = await watchedPage(world.chromium, {});
    await signIn(list, world.server, ADVISORS.sabine);
    const { link } = await bookNow(list);
    const guest = await watchedPage(far, { width: 390, height: 844 });
    await enterWaitingRoom(guest, link);
    const talk = await openedWatched(list);
    await bothSeeAndHear(guest, talk);
    for (let run = 0; run < CUTS; run += 1) {
      cable.pull();
      await new Promise((resolve) => setTimeout(resolve, CUT_MS));
      const plugged = Date.now();
      cable.plug();
      back.push(await seeAgain(plugged, guest, talk));
      await bothSeeAndHear(guest, talk);
    }
  } finally {
    await far.close();
    await world.close();
    cable.close();
  }
  figures.reconnect_ms_p50 = round(median(back));
  figures.reconnect_ms_p95 = round(p95(back));
}

// A guest walks out of the reach of a wireless network: the address is gone, and there is another one. From then until
// sound and pictures arrive again on both sides.
async function moves(figures) {
  const cable = await pluggedNetwork();
  const world = await demoWorld({
    host: SERVER_ADDRESS, tls: true,
    env: { VISAVIS_TALK_HEADS_UP: '0s', VISAVIS_LOG_LEVEL: 'error', VISAVIS_RELAY_ADVERTISE: SERVER_ADDRESS },
  });
  const far = await launchChromium({ executablePath: cable.chromium });
  const back = [];
  try {
    const list = await watchedPage(world.chromium, {});
    await signIn(list, world.server, ADVISORS.sabine);
    const { link } = await bookNow(list);
    const guest = await watchedPage(far, { width: 390, height: 844 });
    await enterWaitingRoom(guest, link);
    const talk = await openedWatched(list);
    const both = () => Promise.all([guest, talk].map((page) => page.eval(received)));
    for (let run = 0; run < MOVES; run += 1) {
      await bothSeeAndHear(guest, talk);
      await guest.page.waitForTimeout(STANDS_MS);
      const moved = Date.now();
      cable.move();
      await guest.page.waitForTimeout(ON_ITS_WAY_MS);
      const before = await both();
      back.push(await until('both see and hear again', async () => {
        const more = (now, i) => now.audioPackets > before[i].audioPackets + 1 && now.frames > before[i].frames + 1;
        return (await both()).every(more) && Date.now() - moved;
      }, { every: 20 }));
    }
  } finally {
    await far.close();
    await world.close();
    cable.close();
  }
  figures.address_change_ms_p50 = round(median(back));
  figures.address_change_ms_p95 = round(p95(back));
}

// The server dies in a talk (kill -9) and is started again: from that start until both see each other again.
async function restarts(figures) {
  const world = await demoWorld({ env: { VISAVIS_TALK_HEADS_UP: '0s', VISAVIS_LOG_LEVEL: 'error' } });
  const back = [];
  try {
    const list = await watchedPage(world.chromium, {});
    await signIn(list, world.server, ADVISORS.sabine);
    const { link } = await bookNow(list);
    const guest = await watchedPage(world.chromium, { width: 390, height: 844 });
    await enterWaitingRoom(guest, link);
    const talk = await openedWatched(list);
    await bothSeeAndHear(guest, talk);
    for (let run = 0; run < DEATHS; run += 1) {
      await world.server.kill('SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, DEAD_MS));
      const starting = Date.now();
      await world.server.start();
      back.push(await seeAgain(starting, guest, talk));
      await bothSeeAndHear(guest, talk);
    }
  } finally {
    await world.close();
  }
  figures.restart_ms_p50 = round(median(back));
  figures.restart_ms_p95 = round(p95(back));
}

// How long after that moment both see each other: as exact as one look every 20 ms.
const seeAgain = (since, ...pages) => until('both see again', async () => {
  const noted = await Promise.all(pages.map(marks));
  return noted.every(({ lastFrame }) => lastFrame > since) && Date.now() - since;
}, { every: 20 });

const figures = {};
await admissions(figures);
await typing(figures);
await reconnections(figures);
await moves(figures);
await restarts(figures);
figures.browser_runs = `a file of ${FILE_BYTES / 1e6} MB beside two voices and cameras, ${RUNS} admissions (beside ${Math.ceil(RUNS / 2)} connections of two bare pages, without server and relay: bare_first_frame), twice ${LETTERS} letters (rtt_lossy: a fifth of all packets is lost), ${CUTS} cuts of ${CUT_MS / 1000} s, ${MOVES} changes of a guest's address and ${DEATHS} deaths of the server (of so few, p95 is the longest), Chromium on both sides, one machine`;
const results = fileURLToPath(new URL('../../bench/results', import.meta.url));
mkdirSync(results, { recursive: true });
writeFileSync(`${results}/browser.json`, `${JSON.stringify(figures, null, 2)}\n`);
console.log(JSON.stringify(figures, null, 2));
