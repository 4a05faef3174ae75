// What still works in bad networks: the guest sits behind a bad way, the advisor in an office. Prints a table and writes
// bench/results/networks.json. Run by `make bench-networks`; an argument names the rows to take, with ; between them.
//
// A limit of the rate holds for all that the guest's machine sends and receives (tbf, 300 ms of queue); loss and delay
// for datagrams, that is for media (lib/line.mjs): this kernel has no netem. Half of a round trip's delay is in each
// direction, and the loss is what is lost on the way from the guest to the relay, and again on the way back.

import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { launchChromium } from '../lib/chromium.mjs';
import { isFar, pluggedNetwork, SERVER_ADDRESS } from '../lib/network.mjs';
import { advisor, appoint, callIn, guestWaits } from '../lib/office.mjs';
import { received, until } from '../lib/page.mjs';
import { hook } from '../lib/steps.mjs';
import { tap } from '../lib/tap.mjs';
import { latencies } from '../lib/typing.mjs';
import { demoWorld, freePort } from '../lib/world.mjs';

const SETTLE_MS = Number(process.env.VISAVIS_BENCH_SETTLE ?? 20_000);
// Guests wait for minutes; meanwhile their page loads what a talk needs.
const WAITS_MS = 5_000;
const HEAR_MS = Number(process.env.VISAVIS_BENCH_HEAR ?? 15_000);
const COMES_ABOUT_MS = 60_000;
const LETTERS = 20;
const LINES = 3;

const ROWS = [
  { name: 'no limit' },
  { name: '1 Mbit/s', kbit: 1_000 },
  { name: '300 kbit/s', kbit: 300 },
  { name: '64 kbit/s', kbit: 64 },
  { name: '5 % lost', loss: 0.05 },
  { name: '10 % lost', loss: 0.1 },
  { name: '20 % lost', loss: 0.2 },
  { name: '30 % lost', loss: 0.3 },
  { name: '600 ms there and back', delay: 300 },
  { name: 'UDP blocked', block: ['udp'] },
  { name: 'only HTTPS', block: ['udp', 'tcp'] },
  { name: '64 kbit/s, 10 % lost', kbit: 64, loss: 0.1 },
];

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const sorted = (values) => [...values].sort((a, b) => a - b);
const median = (values) => sorted(values)[Math.floor(values.length / 2)];
const round = (value) => Math.round(value * 10) / 10;

// Runs in a page: what it hears and sees of the other one.
const heard = async () => {
  const sum = { samples: 0, concealed: 0, silent: 0, frames: 0, lines: 0, audioBytes: 0, audioPackets: 0, sentBits: 0, at: performance.now() };
  for (const pc of globalThis.keptConnections) {
    if (pc.connectionState === 'closed') continue;
    for (const s of (await pc.getStats()).values()) {
      if (s.type === 'candidate-pair' && s.nominated) sum.sentBits = Math.max(sum.sentBits, s.availableOutgoingBitrate ?? 0);
      if (s.type !== 'inbound-rtp') continue;
      if (s.kind === 'audio') {
        sum.samples += s.totalSamplesReceived ?? 0;
        sum.concealed += s.concealedSamples ?? 0;
        sum.silent += s.silentConcealedSamples ?? 0;
        sum.audioBytes += s.bytesReceived ?? 0;
        sum.audioPackets += s.packetsReceived ?? 0;
      } else {
        sum.frames += s.framesDecoded ?? 0;
        sum.lines = Math.max(sum.lines, s.frameHeight ?? 0);
      }
    }
  }
  return sum;
};

// Runs in the page that reads: when a text was there.
const whenThere = (text) => new Promise((resolve) => {
  const look = () => {
    if (!document.querySelector('[role=log]')?.textContent.includes(text)) return;
    watching.disconnect();
    resolve(performance.timeOrigin + performance.now());
  };
  const watching = new MutationObserver(look);
  watching.observe(document.body, { subtree: true, childList: true, characterData: true });
  look();
});

async function chatMs(from, to) {
  const form = `form:has(${hook('chat-send')})`;
  const took = [];
  for (const page of [from, to]) await page.click(hook('chat'));
  for (let n = 0; n < LINES; n += 1) {
    const text = `Zeile ${n} ${Math.random()}`;
    await from.fill(`${form} input`, text);
    const there = to.eval(whenThere, text);
    const sent = Date.now();
    await from.eval((selector) => document.querySelector(selector).click(), hook('chat-send'));
    took.push((await Promise.race([there, pause(20_000)])) - sent);
  }
  for (const page of [from, to]) await page.click(hook('chat'));
  return median(took);
}

async function typingMs(from, to, name) {
  await from.click(hook('more'));
  await from.click(hook('live-open'));
  await from.wait(hook('live'));
  return median(await latencies({ from, to, name, letters: LETTERS }));
}

// What a page tells its person, the quality first; one sentence once.
async function words(page, said) {
  const now = await page.eval(() => ['quality', 'told', 'strain', 'unconnected'].flatMap((id) => [...document.querySelectorAll(`[data-testid=${id}]`)].flatMap((e) => [e, ...e.querySelectorAll('p')].filter((p) => p.matches('p')).map((p) => p.innerText.trim()).concat(id === 'quality' ? e.innerText.replace(/\s+/g, ' ').trim() : []))));
  for (const sentence of now) if (sentence) said.add(sentence);
}

async function listen(pages) {
  const before = await Promise.all(pages.map((page) => page.eval(heard)));
  const said = pages.map(() => new Set());
  for (const end = Date.now() + HEAR_MS; Date.now() < end; ) {
    await Promise.all(pages.map((page, i) => words(page, said[i])));
    await pause(1_000);
  }
  const after = await Promise.all(pages.map((page) => page.eval(heard)));
  return after.map((now, i) => {
    const samples = now.samples - before[i].samples;
    const seconds = (now.at - before[i].at) / 1_000;
    const frames = now.frames - before[i].frames;
    return {
      concealed: samples > 0 ? round(((now.concealed - before[i].concealed) / samples) * 100) : undefined,
      fps: round(frames / seconds),
      lines: frames > 0 ? now.lines : 0,
      audioKbit: round(((now.audioBytes - before[i].audioBytes) * 8) / seconds / 1_000),
      packets: round((now.audioPackets - before[i].audioPackets) / seconds),
      estimate: Math.round(now.sentBits / 1_000),
      said: [...said[i]],
    };
  });
}

async function row(world, way) {
  const { list, cable, line, far, media } = world;
  const name = `Gerda ${way.name.replaceAll(/[^a-z0-9]/gi, '')}`;
  const { link } = await appoint(list, { name });
  const guest = await guestWaits(far, link);
  await pause(WAITS_MS);
  const lines = line.shape({ delay: way.delay, loss: way.loss, seed: 7 }, isFar);
  if (way.kbit) cable.limit(way.kbit);
  for (const protocol of way.block ?? []) cable.block(protocol, protocol === 'tcp' ? media : undefined);
  const result = { name: way.name };
  const begun = Date.now();
  const talk = await callIn(list, name, world.talk);
  world.talk = talk;
  try {
    const both = () => Promise.all([guest, talk].map((page) => page.eval(received)));
    await until('sound in both directions', async () => (await both()).every((now) => now.audioPackets > 20), { deadline: COMES_ABOUT_MS });
    result.aboutMs = Date.now() - begun;
    await pause(SETTLE_MS);
    [result.guest, result.advisor] = await listen([guest, talk]);
    result.ways = (await guest.eval(received)).ways;
    result.chatMs = Math.round(await chatMs(guest, talk));
    result.typingMs = Math.round(await typingMs(guest, talk, name));
    result.line = { lost: lines.up.lost + lines.down.lost, carried: lines.up.carried + lines.down.carried };
  } catch (error) {
    result.failed = error.message.slice(0, 300);
    const said = new Set();
    await words(guest, said);
    result.guest = { ...result.guest, said: [...said] };
  }
  line.shape({}, isFar);
  if (way.kbit) cable.limit(undefined);
  for (const protocol of way.block ?? []) cable.allow(protocol, protocol === 'tcp' ? media : undefined);
  await talk.click(hook('end'));
  await talk.click(hook('outcome-held'));
  await talk.wait(hook('farewell'));
  await guest.closeAll();
  return result;
}

const shown = ({ name, aboutMs, ways, guest, advisor: desk, chatMs: chat, typingMs: typed, failed }) => [
  name,
  aboutMs === undefined ? 'no' : `${round(aboutMs / 1_000)} s`,
  ways?.join(', ') ?? '–',
  guest?.concealed === undefined ? '–' : `${desk.concealed} / ${guest.concealed}`,
  guest?.fps === undefined ? '–' : `${desk.fps} × ${desk.lines} / ${guest.fps} × ${guest.lines}`,
  chat ?? '–',
  typed ?? '–',
  failed ?? guest.said.join(' · '),
];

const cable = await pluggedNetwork();
const media = freePort();
const relay = `127.0.0.2:${media}`;
const world = await demoWorld({
  host: SERVER_ADDRESS, tls: true, browser: { args: ['--ignore-certificate-errors'] },
  env: { VISAVIS_TALK_HEADS_UP: '0s', VISAVIS_LOG_LEVEL: 'error', VISAVIS_RELAY_UDP: relay, VISAVIS_RELAY_TCP: `${SERVER_ADDRESS}:${media}`, VISAVIS_RELAY_ADVERTISE: SERVER_ADDRESS },
});
Object.assign(world, { cable, media });
world.line = await tap({ listen: { address: SERVER_ADDRESS, port: media }, relay: { address: '127.0.0.2', port: media } });
world.far = await launchChromium({ executablePath: cable.chromium, args: ['--ignore-certificate-errors'] });
const wanted = process.argv[2] ?? '';
const results = [];
try {
  world.list = await advisor(world);
  for (const way of ROWS.filter(({ name }) => wanted === '' || wanted.split(';').includes(name))) {
    const result = await row(world, way);
    results.push(result);
    console.log(JSON.stringify(result));
  }
} finally {
  await world.far.close();
  await world.close();
  world.line.close();
  cable.close();
}
const folder = fileURLToPath(new URL('../../bench/results', import.meta.url));
mkdirSync(folder, { recursive: true });
writeFileSync(`${folder}/networks.json`, `${JSON.stringify({ networks: results }, null, 2)}\n`);
const head = ['network of the guest', 'talk after', 'path', 'sound made up, % (advisor hears / guest hears)', 'pictures/s × lines (advisor sees / guest sees)', 'chat, ms', 'real-time text, ms', 'what the guest reads'];
for (const cells of [head, head.map(() => '---'), ...results.map(shown)]) console.log(`| ${cells.join(' | ')} |`);
