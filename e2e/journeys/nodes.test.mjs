// Several machines: two servers on one PostgreSQL behind a balancer, the relay a process of its own, mail over SMTP. The
// guest is served by one, the advisor by the other; then each of the three processes dies during the talk.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { balancer } from '../lib/balancer.mjs';
import { launchChromium } from '../lib/chromium.mjs';
import { received, until } from '../lib/page.mjs';
import { postOffice } from '../lib/postoffice.mjs';
import { BINARY, startServer } from '../lib/server.mjs';
import { ADVISORS, admit, book, bothSeeAndHear, endTalk, enterWaitingRoom, hook, invitation, mediaGoOn, safetyCode, say, screen, signIn } from '../lib/steps.mjs';
import { freePort, onlyOurHost } from '../lib/world.mjs';

const DATABASE = process.env.VISAVIS_TEST_POSTGRES;
const skip = DATABASE ? false : 'NOT RUN: there is no PostgreSQL; run by way of scripts/with-postgres';

// What all servers of the installation have in common.
function settings({ dir, url, mail, media, control }) {
  return {
    VISAVIS_HTTP_URL: url, VISAVIS_DATABASE_URL: DATABASE, VISAVIS_KEYS_FILE: join(dir, 'keys'), VISAVIS_TALK_HEADS_UP: '1s',
    VISAVIS_MAIL_HOST: '127.0.0.1', VISAVIS_MAIL_PORT: String(mail), VISAVIS_MAIL_TLS: 'off', VISAVIS_MAIL_FROM: 'Landesamt Musterland <videotermin@example.org>',
    VISAVIS_RELAY_MODE: 'external', VISAVIS_RELAY_CONTROL: `127.0.0.1:${control}`, VISAVIS_RELAY_UDP: `:${media}`, VISAVIS_RELAY_TCP: `:${media}`,
  };
}

// An example agency, as the demonstration makes it; answers the password of its people.
async function seed(env) {
  const demo = await startServer({ command: 'demo', port: freePort(), env: { ...env, VISAVIS_RELAY_MODE: 'embedded' } });
  await demo.stop();
  return demo.password();
}

async function installation() {
  const closers = [];
  const close = async () => {
    for (const closer of closers.reverse()) await closer();
  };
  try {
    const dir = mkdtempSync(join(tmpdir(), 'visavis-nodes-'));
    closers.push(() => rmSync(dir, { recursive: true, force: true }));
    const [front, mail, media, control] = [freePort(), freePort(), freePort(), freePort()];
    const env = settings({ dir, url: `http://localhost:${front}`, mail, media, control });
    const post = await postOffice(mail);
    closers.push(post.close);
    const password = await seed(env);
    const key = execFileSync(BINARY, ['relay', '--print-key'], { env: { ...process.env, ...env, VISAVIS_DATA_DIR: dir } }).toString().trim();
    const { VISAVIS_RELAY_UDP, VISAVIS_RELAY_TCP, VISAVIS_RELAY_CONTROL } = env;
    const relay = await startServer({
      command: 'relay', port: control, waitFor: /relay serves/, env: { VISAVIS_RELAY_UDP, VISAVIS_RELAY_TCP, VISAVIS_RELAY_CONTROL, VISAVIS_RELAY_KEY: key },
    });
    closers.push(relay.stop);
    const nodes = {};
    for (const name of ['guests', 'staff']) {
      nodes[name] = await startServer({ command: 'serve', port: freePort(), env });
      closers.push(nodes[name].stop);
      nodes[name].port = Number(new URL(nodes[name].url).port);
    }
    const [guests, staff] = [nodes.guests.port, nodes.staff.port];
    const entrance = await balancer(front, (path) => (/^\/(api\/guest|t)\//.test(path) ? [guests, staff] : [staff, guests]));
    closers.push(entrance.close);
    const chromium = await launchChromium();
    closers.push(chromium.close);
    return { url: entrance.url, balancer: entrance, password: () => password, mailFor: post.mailFor, relay, nodes, chromium, close };
  } catch (error) {
    await close();
    throw error;
  }
}

const servedBy = (world, part, port, what) => until(what, () => {
  const ports = world.balancer.serving(part);
  return ports.length > 0 && ports.every((p) => p === port);
});

const bothGoOn = (guest, talk, deadline) => Promise.all([mediaGoOn(guest, 'the guest', deadline), mediaGoOn(talk, 'the advisor', deadline)]);

const bothHearOn = (...pages) => Promise.all(pages.map(async (page) => {
  const before = await page.eval(received);
  await until('sound goes on', async () => (await page.eval(received)).audioPackets > before.audioPackets + 5);
}));

// Names the connection that media take at present: it gets another name when a page has to connect anew.
const wire = (page) => page.eval(() => /a=ice-ufrag:(\S+)/.exec(globalThis.keptConnections.findLast((pc) => pc.connectionState === 'connected').localDescription.sdp)[1]);

test('guest and advisor on two servers, and each of the three processes dies', { timeout: 180_000, skip }, async (t) => {
  const world = await installation();
  const { guests, staff } = world.nodes;
  let list, guest, talk, code, wires;
  try {
    await t.test('they meet: the invitation comes over SMTP, signalling crosses from server to server', async () => {
      list = await world.chromium.newPage();
      await signIn(list, world, ADVISORS.sabine);
      await book(list, { name: 'Gerda Beispiel', email: 'gerda@example.org' });
      const { mail, link } = await invitation(world, 'gerda@example.org');
      assert.equal(mail.envelope.mailFrom.address, 'videotermin@example.org');
      assert.ok(link.startsWith(`${world.url}/t/demo#`), 'the link names the balancer');
      guest = await world.chromium.newPage({ width: 390, height: 844 });
      await enterWaitingRoom(guest, link);
      talk = await admit(list);
      await bothSeeAndHear(guest, talk);
      code = await safetyCode(guest);
      assert.equal(await safetyCode(talk), code);
      await servedBy(world, '/api/guest/', guests.port, 'the guest on one server');
      await servedBy(world, '/api/staff/', staff.port, 'the advisor on the other');
      wires = await Promise.all([guest, talk].map(wire));
    });

    await t.test('the server of the guest dies: media never stop, the page goes on at the other server', async () => {
      await guests.kill();
      await bothGoOn(guest, talk, 3000);
      await servedBy(world, '/api/guest/', staff.port, 'the guest on the other server');
      await say(talk, guest, 'Sind Sie noch da?');
      assert.deepEqual(await Promise.all([guest, talk].map(wire)), wires);
      await guests.start();
    });

    await t.test('the server of both dies: media never stop, the pages go on at the one that is back', async () => {
      await staff.kill();
      await bothGoOn(guest, talk, 3000);
      for (const part of ['/api/guest/', '/api/staff/stream', '/api/staff/talks/']) {
        await servedBy(world, part, guests.port, `${part} on the server that is back`);
      }
      assert.deepEqual(await Promise.all([guest, talk].map(wire)), wires);
    });

    await t.test('the relay dies and comes back: media are back within 5 s, with the same digits', async () => {
      await world.relay.kill();
      const died = Date.now();
      await until('the page says so', () => guest.eval(() => /unterbrochen/.test(document.querySelector('main').innerText)));
      await setTimeout(2000); // longer than the pages wait with their first attempts to connect anew
      await world.relay.start();
      const back = Date.now();
      const since = () => Date.now() - back;
      const [sound] = await Promise.all([bothHearOn(guest, talk).then(since), bothGoOn(guest, talk, 5000)]);
      console.log(`# relay away for ${back - died} ms; after it was back, sound returned within ${sound} ms, pictures within ${since()} ms`);
      assert.equal(await safetyCode(guest), code);
      await say(guest, talk, 'Jetzt sehe ich Sie wieder.');
    });

    await t.test('the end reaches everybody', async () => {
      await endTalk(talk);
      await guest.wait(screen('goodbye'));
      await until('the row is done', () => list.eval((row) => document.querySelector(row) !== null, hook('done-row')));
      onlyOurHost(world.chromium, world);
    });
  } finally {
    await world.close();
  }
});
