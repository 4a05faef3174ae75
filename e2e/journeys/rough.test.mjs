// A whole appointment in a rough network: a proxy holds every event stream back, so that pages ask for events one answer
// at a time, and in the talk packets are lost, which both sides are told in words, and then all of them for a while.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { album } from '../lib/album.mjs';
import { holdingProxy } from '../lib/holding.mjs';
import { advisor, appoint, callIn, gone, guestAt, goIn, nextRow, sameCode, says, talkingRow, waitingRow } from '../lib/office.mjs';
import { until } from '../lib/page.mjs';
import { bothSeeAndHear, endTalk, hook, screen } from '../lib/steps.mjs';
import { tap } from '../lib/tap.mjs';
import { demoWorld, freePort, onlyOurHost, quietConsole } from '../lib/world.mjs';

const see = album('rough').both;

async function roughWorld() {
  const [media, front] = [freePort(), freePort()];
  const relay = `127.0.0.2:${media}`;
  const world = await demoWorld({
    env: { VISAVIS_HTTP_URL: `http://localhost:${front}`, VISAVIS_RELAY_UDP: relay, VISAVIS_RELAY_TCP: relay, VISAVIS_RELAY_ADVERTISE: '127.0.0.1' },
  });
  world.line = await tap({ listen: { address: '127.0.0.1', port: media }, relay: { address: '127.0.0.2', port: media } });
  world.proxy = await holdingProxy({ port: front, server: world.server.url });
  const inner = world.close;
  world.close = async () => {
    await inner();
    world.proxy.close();
    world.line.close();
  };
  world.server.url = world.proxy.url; // what people type
  return world;
}

test('an appointment where event streams are held back and packets are lost', { timeout: 360_000 }, async (t) => {
  const world = await roughWorld();
  const { chromium, proxy, line } = world;
  let list, guest, talk;
  try {
    await t.test('landing, check, waiting: everything comes, one answer at a time', async () => {
      list = await advisor(world);
      const { link } = await appoint(list, { name: 'Petra Proxy' });
      guest = await guestAt(chromium, link);
      await guest.wait(screen('landing'));
      await goIn(guest);
      await guest.wait(screen('waiting'));
      await list.wait(waitingRow('Petra Proxy'));
      await until('both pages ask again and again', () => proxy.seen.polled >= 2 && proxy.held.size === 0);
      assert.doesNotMatch(await list.text(waitingRow('Petra Proxy')), /nicht verbunden/);
      for (const page of [list, guest]) assert.doesNotMatch(await page.text('main'), /unterbrochen/);
    });

    await t.test('admitted: both see and hear each other', async () => {
      talk = await callIn(list, 'Petra Proxy');
      await bothSeeAndHear(guest, talk);
      await says(list, talkingRow('Petra Proxy'), /Sabine Krüger/);
      await until('nobody waits for a stream', () => proxy.held.size === 0);
      await sameCode(guest, talk);
    });

    await t.test('packets are lost: both are told that the connection is weak, and the picture stays where it is', async () => {
      const before = await Promise.all([guest, talk].map(shownFor));
      const places = await Promise.all([guest, talk].map(picture));
      line.lose(0.04); // on both halves of the way
      for (const page of [guest, talk]) {
        await says(page, hook('quality'), /schwach/);
        await says(page, hook('told'), /Die Verbindung ist (sehr )?schwach/);
      }
      assert.deepEqual(await Promise.all([guest, talk].map(picture)), places);
      for (const [i, page] of [guest, talk].entries()) assert.ok((await shownFor(page)) > before[i] + 3, 'it was never begun anew');
      await see(guest, '01-weak-guest');
      await see(talk, '02-weak-advisor');
      line.lose(0);
      for (const page of [guest, talk]) {
        await says(page, hook('quality'), /^Verbindung\s+gut$/, 120_000); // where the machine has much else to do
        assert.equal(await page.text(hook('told')), '');
      }
    });

    await t.test('nothing passes for 45 s: once it does the talk is back by itself, as it is for a guest who came back meanwhile', async () => {
      line.lose(1);
      await says(guest, hook('told'), /unterbrochen/);
      await setTimeout(45_000);
      for (const page of [guest, talk]) await says(page, hook('unconnected'), /keine Verbindung.*Wir versuchen es weiter/s);
      line.lose(0);
      await bothSeeAndHear(guest, talk);
      line.lose(1);
      await guest.goto('about:blank');
      await guest.back();
      await guest.wait(screen('talk'));
      await setTimeout(20_000);
      line.lose(0);
      await bothSeeAndHear(guest, talk);
      await sameCode(guest, talk);
    });

    await t.test('goodbye', async () => {
      await endTalk(talk);
      await guest.wait(screen('goodbye'));
      await gone(list, talkingRow('Petra Proxy'));
      assert.equal(await list.has(nextRow('Petra Proxy')), false);
      onlyOurHost(chromium, world.server);
      quietConsole(chromium);
    });
  } finally {
    await world.close();
  }
});

// Where the other person is seen.
const picture = (page) => page.eval((selector) => Object.values(document.querySelector(selector).getBoundingClientRect().toJSON()), hook('other'));

// How long the picture has been shown, in seconds.
const shownFor = (page) => page.eval((selector) => document.querySelector(`${selector} .person video`).currentTime, hook('other'));
