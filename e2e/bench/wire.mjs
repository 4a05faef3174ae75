// What travels to a guest until the waiting room, and from there into the talk: writes bench/results/wire.json, and says
// what makes up the sums. Run by scripts/bench inside the journeys' network namespace.

import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { advisor, appoint } from '../lib/office.mjs';
import { admit, bothSeeAndHear, enterWaitingRoom } from '../lib/steps.mjs';
import { demoWorld } from '../lib/world.mjs';

const kB = (bytes) => Math.round(bytes / 100) / 10;

// As sent: compressed, headers included, fonts aside. Files that the page asks for once it has arrived are fetched ahead
// for the talk: what comes from then on counts there, however quickly it comes.
async function onTheWire() {
  const world = await demoWorld({
    env: { VISAVIS_TALK_HEADS_UP: '0s', VISAVIS_LOG_LEVEL: 'error' },
  });
  try {
    const list = await advisor(world);
    const { link } = await appoint(list, { name: 'Gerda Beispiel' });
    const guest = await world.chromium.newPage({ width: 390, height: 844 });
    const arrived = await watched(guest);
    await enterWaitingRoom(guest, link);
    const talk = await admit(list);
    await bothSeeAndHear(guest, talk);
    await guest.page.waitForTimeout(300);
    const sums = { waiting: 0, talk: 0 };
    for (const { path, part, bytes } of arrived()) {
      sums[part] += bytes;
      console.log(`${part.padEnd(8)}${String(bytes).padStart(6)}  ${path}`);
    }
    return {
      wire_kb_until_waiting: kB(sums.waiting),
      wire_kb_talk: kB(sums.talk),
    };
  } finally {
    await world.close();
  }
}

// Every piece that arrives, with the part of the visit it belongs to. Answers may be told before their requests.
async function watched(guest) {
  const asked = new Map();
  const pieces = [];
  let part = 'waiting';
  let line;
  let arrived = false;
  const protocol = await guest.context.newCDPSession(guest.page);
  await protocol.send('Network.enable');
  protocol.on('Network.requestWillBeSent', ({ requestId, request: { url }, type }) => {
    const path = new URL(url).pathname;
    if (arrived && path.startsWith('/assets/')) part = 'talk';
    arrived ||= path.endsWith('/arrive');
    if (path.endsWith('/stream')) line = requestId;
    if (url.startsWith('http') && type !== 'Font') asked.set(requestId, { path, part });
  });
  const note = (requestId, bytes) => pieces.push({ requestId, at: part, bytes });
  protocol.on('Network.dataReceived', ({ requestId, encodedDataLength }) => note(requestId, encodedDataLength));
  protocol.on('Network.responseReceivedExtraInfo', ({ requestId, headers, headersText = '' }) => {
    note(requestId, headersText.length);
    // Of the page itself the protocol does not tell how much came.
    if (/^text\/html/.test(headers['Content-Type'])) note(requestId, Number(headers['Content-Length'] ?? 0));
  });
  return () => {
    const sums = new Map();
    for (const { requestId, at, bytes } of pieces.filter((piece) => asked.has(piece.requestId))) {
      const request = asked.get(requestId);
      const part = requestId === line ? at : request.part;
      const key = `${requestId} ${part}`;
      sums.set(key, {
        path: request.path,
        part,
        bytes: bytes + (sums.get(key)?.bytes ?? 0),
      });
    }
    return sums.values();
  };
}

const figures = await onTheWire();
const results = fileURLToPath(new URL('../../bench/results', import.meta.url));
mkdirSync(results, { recursive: true });
writeFileSync(`${results}/wire.json`, `${JSON.stringify(figures, null, 2)}\n`);
console.log(JSON.stringify(figures, null, 2));
