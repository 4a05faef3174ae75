// What most journeys need: the demonstration, running, and browsers; and what must hold in all of them.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { launchChromium } from './chromium.mjs';
import { startServer } from './server.mjs';

// A journey's appointments are all at about the same time, and a team can keep as many as it has people.
const COLLEAGUES = 30;

function employ({ data }) {
  const statement = `
    INSERT INTO staff (id, agency_id, email, name, password_hash, created_at)
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${COLLEAGUES})
    SELECT 'many-' || i, agency.id, 'many-' || i || '@example.org', 'Kollegin ' || i, '-', 0 FROM n, agency;
    INSERT INTO staff_role (agency_id, staff_id, role, place_kind, place_id, source, from_at, given_at)
    SELECT desk.agency_id, staff.id, 'advisor', 'desk', desk.id, 'hand', 0, 0 FROM desk, staff WHERE staff.id LIKE 'many-%';
    INSERT INTO staff_desk (agency_id, staff_id, desk_id, role)
    SELECT desk.agency_id, staff.id, desk.id, 'advisor' FROM desk, staff WHERE staff.id LIKE 'many-%';`;
  execFileSync('sqlite3', [join(data, 'visavis.db'), '.timeout 5000', statement]);
}

// Journeys run one after the other, each file on ports of its own, so that a socket that lingers disturbs nobody.
let port = 18000 + (process.pid % 50) * 40;
export const freePort = () => (port += 1);

export async function demoWorld({ browser = {}, env = {}, ...server } = {}) {
  const media = freePort();
  const world = {
    server: await startServer({
      port: freePort(),
      env: { VISAVIS_RELAY_UDP: `:${media}`, VISAVIS_RELAY_TCP: `:${media}`, VISAVIS_TALK_HEADS_UP: '1s', ...env },
      ...server,
    }),
  };
  try {
    employ(world.server);
    world.chromium = await launchChromium(browser);
  } catch (error) {
    await world.server.stop();
    throw error;
  }
  world.close = async () => {
    await world.chromium.close();
    await world.server.stop();
  };
  return world;
}

// Statuses that browsers put into the console, and that are no mistake: whoever is not signed in is told so, and a word
// that was on its way while the other page began a new generation comes too late.
const EXPECTED = [/401 \(Unauthorized\).*\/api\/staff\/session/, /409 \(Conflict\).*\/signal/];

export function quietConsole({ consoleLines }, expected = []) {
  const loud = consoleLines.filter((line) => /^(error|warning)/.test(line) && ![...EXPECTED, ...expected].some((known) => known.test(line)));
  assert.deepEqual(loud, [], 'nothing in the console');
}

// The only hosts ever contacted are ours.
export function onlyOurHost({ requests }, { url }) {
  const foreign = requests.filter((r) => !r.startsWith(`${url}/`) && !/^(data|blob|about):/.test(r));
  assert.deepEqual(foreign, [], 'no third party');
  assert.ok(requests.length > 10, 'requests were counted at all');
}

// No request, and nothing the page keeps, may hold the secret of a link.
export function secretStaysInTheFragment({ requests }, link) {
  const secret = link.split('#')[1];
  const told = requests.filter((r) => r.split('#')[0].includes(secret));
  assert.deepEqual(told, [], 'the secret is in no address that is sent');
}

// One strictly necessary cookie of the guest, and nothing else (design.md §6).
export async function keepsOnlyItsCookie(page) {
  const cookies = await page.context.cookies();
  assert.deepEqual(cookies.map((c) => [c.name, c.httpOnly, c.secure, c.sameSite, c.expires]), [['__Host-guest', true, true, 'Lax', -1]]);
  const kept = await page.eval(async () => ({
    local: Object.keys(localStorage),
    session: Object.keys(sessionStorage),
    databases: (await indexedDB.databases()).map((d) => d.name),
    caches: await caches.keys(),
    workers: (await navigator.serviceWorker.getRegistrations()).length,
  }));
  assert.deepEqual(kept, { local: [], session: [], databases: [], caches: [], workers: 0 });
}
