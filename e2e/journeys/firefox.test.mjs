// One appointment between two browsers of different make, in both directions, and where a network lets no UDP through.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launchFirefox } from '../lib/firefox.mjs';
import { OWN_ADDRESS, withoutNamespace } from '../lib/network.mjs';
import { received, until } from '../lib/page.mjs';
import { ADVISORS, admit, book, bothSeeAndHear, endTalk, enterWaitingRoom, hook, invitation, mediaGoOn, safetyCode, say, screen, signIn } from '../lib/steps.mjs';
import { demoWorld, freePort, onlyOurHost, quietConsole, secretStaysInTheFragment } from '../lib/world.mjs';

const RESULTS = fileURLToPath(new URL('../results', import.meta.url));
const PHONE = { width: 390, height: 844 };
const DESK = { width: 1280, height: 800 };

const RUNS = [
  { name: 'Firefox as guest on a phone, Chromium as advisor', guest: 'firefox', advisor: 'chromium', sizes: { guest: PHONE, advisor: DESK } },
  {
    name: 'Chromium without UDP as guest, Firefox as advisor on a phone', guest: 'chromium', advisor: 'firefox', sizes: { guest: DESK, advisor: PHONE },
    // What a network without UDP does to Chromium: it has none of its own.
    browser: { args: ['--webrtc-ip-handling-policy=disable_non_proxied_udp'] }, protocols: { guest: 'tcp', advisor: 'udp' },
  },
  {
    name: 'Firefox as guest, Chromium as advisor, both without UDP', guest: 'firefox', advisor: 'chromium', sizes: { guest: PHONE, advisor: DESK },
    // Nobody takes UDP at the address that browsers are told.
    env: (port) => ({ VISAVIS_RELAY_UDP: `127.0.0.2:${port}` }), protocols: { guest: 'tcp', advisor: 'tcp' },
  },
];

let firefox; // one for all runs: it takes its time to start
const launched = async () => (firefox ??= await launchFirefox());
after(() => firefox?.close());

for (const run of RUNS) {
  test(`an appointment: ${run.name}`, { timeout: 180_000, skip: withoutNamespace }, async () => {
    const media = freePort();
    const env = { VISAVIS_RELAY_UDP: `:${media}`, VISAVIS_RELAY_TCP: `:${media}`, VISAVIS_RELAY_ADVERTISE: OWN_ADDRESS, ...run.env?.(media) };
    const [world] = await Promise.all([demoWorld({ browser: run.browser, env }), launched()]);
    world.firefox = firefox;
    try {
      await appointment(world, { ...run, media });
    } finally {
      await firefox.forget();
      await world.close();
    }
  });
}

async function appointment(world, run) {
  const { server } = world;
  const list = await world[run.advisor].newPage(run.sizes.advisor);
  await signIn(list, server, ADVISORS.sabine);
  await book(list, { name: 'Gerda Beispiel', email: 'gerda@example.org' });
  const { link } = await invitation(server, 'gerda@example.org');

  const guest = await world[run.guest].newPage(run.sizes.guest);
  assert.equal(await enterWaitingRoom(guest, link), 3, 'three clicks');
  const talk = await admit(list);
  const now = await bothSeeAndHear(guest, talk);
  onlyTheRelay(now, run);
  await sameCode(guest, talk);
  for (const [who, page] of [['guest', guest], ['advisor', talk]]) await page.shot(`${RESULTS}/${run.guest}-${run.advisor}/${who}.png`);

  await say(talk, guest, 'Bitte halten Sie den Bescheid bereit.');
  await say(guest, talk, 'Ja, hier ist er.');
  await typeAlong(guest, talk);
  await guest.click(hook('camera'));
  await until('the advisor is told', async () => /kein Bild|no picture|not showing/.test(await talk.text(hook('told'))));
  await guest.click(hook('camera'));
  await mediaGoOn(talk, 'the advisor');

  // A reload is a new browser to the other side: new keys, new digits.
  const before = await sameCode(guest, talk);
  await guest.reload();
  await guest.wait(screen('talk'));
  await bothSeeAndHear(guest, talk);
  assert.notEqual(await sameCode(guest, talk), before);

  await endTalk(talk);
  await guest.wait(screen('goodbye'));
  await until('the row is done', () => list.eval((row) => document.querySelector(row) !== null, hook('done-row')));
  for (const browser of [world.chromium, world.firefox]) {
    onlyOurHost(browser, server);
    secretStaysInTheFragment(browser, link);
    quietConsole(browser, [/401/]);
  }
}

// Real-time text, over a channel of its own.
async function typeAlong(guest, talk) {
  const field = `${hook('live')} input`;
  await guest.click(hook('more'));
  await guest.click(hook('live-open'));
  for (const [from, to, text] of [[guest, talk, 'Ich höre nichts.'], [talk, guest, 'Und jetzt?']]) {
    await from.wait(field);
    await from.fill(field, text);
    await until('it is there', async () => (await to.has(hook('live'))) && (await to.text(`${hook('live')} [role=log]`)).includes(text));
  }
}

async function sameCode(guest, talk) {
  let codes;
  await until('the same six digits on both screens', async () => {
    codes = [await safetyCode(guest), await safetyCode(talk)];
    return /^\d{6}$/.test(codes[0]) && codes[0] === codes[1];
  });
  return codes[0];
}

// Neither browser learns any address but the relay's, and each goes the way its network allows.
function onlyTheRelay(now, { media, protocols = { guest: 'udp', advisor: 'udp' } }) {
  for (const who of ['guest', 'advisor']) {
    for (const remote of now[who].remotes) assert.match(remote, new RegExp(`^${OWN_ADDRESS}:${media}/`), `${who} sees ${remote}`);
    assert.deepEqual(now[who].ways, [protocols[who]], `the way of the ${who}`);
  }
}
