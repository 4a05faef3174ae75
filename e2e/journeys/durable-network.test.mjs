// The seat is durable when the network of a guest is gone, and when the server dies and is started again.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { album, learnBoth } from '../lib/album.mjs';
import { launchChromium } from '../lib/chromium.mjs';
import { focusInSight } from '../lib/looks.mjs';
import { SERVER_ADDRESS, pluggedNetwork } from '../lib/network.mjs';
import { advisor, appoint, callIn, flows, guestWaits, rowOf, sameCode, says, talkingRow, waitingRow } from '../lib/office.mjs';
import { received, until } from '../lib/page.mjs';
import { endTalk, hook, screen } from '../lib/steps.mjs';
import { demoWorld } from '../lib/world.mjs';

const LONG = process.env.VISAVIS_TEST_LONG === '1';
const see = album('durable-network').both;
// States that other journeys show as well: pictures of them are for make test-long.
const glance = LONG ? see : () => {};
const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

describe('a guest on a cable that can be pulled out', () => {
  let world, network, far;

  before(async () => {
    network = await pluggedNetwork();
    world = await demoWorld({ host: SERVER_ADDRESS, tls: true, env: { VISAVIS_RELAY_ADVERTISE: SERVER_ADDRESS } });
    far = await launchChromium({ executablePath: network.chromium });
  });
  after(async () => {
    await far?.close();
    await world?.close();
    network?.close();
  });

  // 12 s are enough for the page; that the office notices needs a little longer (make test-long).
  for (const seconds of LONG ? [12, 60] : [12]) {
    test(`waiting, ${seconds} s without network: the place and the time of arrival stay`, { timeout: 180_000 }, async () => {
      const name = `Willi Warten ${seconds}`;
      const list = await advisor(world);
      const { link } = await appoint(list, { name });
      const guest = await guestWaits(far, link);
      await list.wait(waitingRow(name));
      const { arrivedAt } = (await rowOf(list, name)).seat;
      await learnBoth(guest);

      network.pull();
      const pulled = Date.now();
      await says(guest, 'main', /Verbindung ist unterbrochen.*Ihr Platz bleibt frei/s, 11_000);
      console.log(`# the page said so ${Date.now() - pulled} ms after the cable was pulled out`);
      await guest.eval(() => [...document.querySelectorAll('main a, main button')].at(-1).focus());
      for (let i = 0; i < 4; i++) {
        await guest.press('Shift+Tab');
        await focusInSight(guest, 'under the word that the connection is lost');
      }
      await guest.eval(() => scrollTo(0, document.body.scrollHeight));
      assert.ok(await guest.eval(() => document.querySelector('main [role=alert]').getBoundingClientRect().top >= 0), 'said in sight of who reads on');
      await see(guest, '01-lost');
      if (seconds >= 60) {
        await says(list, waitingRow(name), /nicht verbunden seit/, 45_000);
        console.log(`# the list said so after ${Date.now() - pulled} ms`);
        await see(list, '02-away');
      }
      await pause(seconds - (Date.now() - pulled) / 1000);
      network.plug();
      const plugged = Date.now();

      await until('the page is connected again', async () => !/Verbindung ist unterbrochen/.test(await guest.text('main')));
      console.log(`# connected again ${Date.now() - plugged} ms after the cable was put back`);
      assert.equal(await guest.has(screen('waiting')), true);
      await until('the list shows the guest as present', async () => !/nicht verbunden/.test(await list.text(waitingRow(name))));
      assert.equal((await rowOf(list, name)).seat.arrivedAt, arrivedAt);
      const talk = await callIn(list, name);
      await flows(guest, 'the guest');
      await flows(talk, 'the advisor');
      await endTalk(talk);
      await guest.wait(screen('goodbye'));
      await list.closeAll();
      await guest.closeAll();
    });
  }

  test('talking, 10 s without network: both are told, and media come back by themselves', { timeout: 180_000 }, async () => {
    const list = await advisor(world);
    const { link } = await appoint(list, { name: 'Karla Kabel' });
    const guest = await guestWaits(far, link);
    const talk = await callIn(list, 'Karla Kabel');
    await flows(guest, 'the guest');
    await flows(talk, 'the advisor');
    const code = await sameCode(guest, talk);
    if (LONG) for (const page of [guest, talk]) await learnBoth(page);

    network.pull();
    const pulled = Date.now();
    await says(guest, hook('told'), /Verbindung ist unterbrochen/);
    await says(talk, hook('told'), /Verbindung ist unterbrochen/);
    console.log(`# both were told after ${Date.now() - pulled} ms`);
    await glance(guest, '10-talk-lost-guest');
    await glance(talk, '11-talk-lost-advisor');
    await pause(10 - (Date.now() - pulled) / 1000);
    network.plug();
    const plugged = Date.now();
    await flows(talk, 'the advisor', 20_000);
    await flows(guest, 'the guest', 20_000);
    console.log(`# media were back ${Date.now() - plugged} ms after the cable was put back`);
    for (const page of [guest, talk]) {
      await until('the sentence goes', async () => !/unterbrochen/.test(await page.text(hook('told'))));
    }
    assert.equal(await sameCode(guest, talk), code, 'the same connection: nobody has to compare again');
    await endTalk(talk);
    await guest.wait(screen('goodbye'));
  });

  test('the address of a guest changes in a talk, and again: media come back by themselves', { timeout: 180_000 }, async () => {
    const list = await advisor(world);
    const { link } = await appoint(list, { name: 'Mona Mobil' });
    const guest = await guestWaits(far, link);
    const talk = await callIn(list, 'Mona Mobil');
    await flows(guest, 'the guest');
    await flows(talk, 'the advisor');
    const code = await sameCode(guest, talk);
    for (const turn of ['away', 'and back']) {
      network.move();
      const moved = Date.now();
      await pause(0.5); // what was on its way has arrived
      await flows(talk, `the advisor, ${turn}`, 20_000);
      await flows(guest, `the guest, ${turn}`, 20_000);
      console.log(`# media were back ${Date.now() - moved} ms after the change at the latest, ${turn}`);
    }
    assert.equal(await sameCode(guest, talk), code, 'the same connection: nobody has to compare again');
    await endTalk(talk);
    await guest.wait(screen('goodbye'));
  });

  test('sent back and called in anew without network: the page enters the new talk', { timeout: 180_000 }, async () => {
    const list = await advisor(world);
    const { link } = await appoint(list, { name: 'Nora Neu' });
    const guest = await guestWaits(far, link);
    const talk = await callIn(list, 'Nora Neu');
    await flows(guest, 'the guest');
    const code = await sameCode(guest, talk);

    network.pull();
    await talk.click(hook('end'));
    await talk.click(hook('sendback'));
    await callIn(list, 'Nora Neu', talk);
    await talk.wait(screen('talk'));
    await pause(3); // by then the guest's page has lost its stream
    network.plug();
    const plugged = Date.now();
    await flows(talk, 'the advisor', 20_000);
    await flows(guest, 'the guest', 20_000);
    console.log(`# they saw each other ${Date.now() - plugged} ms after the cable was put back`);
    await sameCode(guest, talk, code);
    await endTalk(talk);
    await guest.wait(screen('goodbye'));
  });
});

describe('the server dies (kill -9) and is started again', () => {
  let world;
  before(async () => (world = await demoWorld()));
  after(() => world?.close());

  test('while one waits and another one talks: nobody loses the place, and the talk is back', { timeout: 180_000 }, async () => {
    const { server, chromium } = world;
    const list = await advisor(world);
    const waiting = await appoint(list, { name: 'Wanda Wartet' });
    const talking = await appoint(list, { name: 'Theo Talk' });
    const waits = await guestWaits(chromium, waiting.link);
    const talks = await guestWaits(chromium, talking.link);
    const talk = await callIn(list, 'Theo Talk');
    await flows(talks, 'the guest');
    await flows(talk, 'the advisor');
    const code = await sameCode(talks, talk);
    const { arrivedAt } = (await rowOf(list, 'Wanda Wartet')).seat;
    await learnBoth(list);

    await server.kill('SIGKILL');
    await says(waits, 'main', /Verbindung ist unterbrochen.*Ihr Platz bleibt frei/s);
    await says(list, 'main', /Verbindung ist unterbrochen/);
    await see(list, '20-list-lost');
    const before = { talks: await talks.eval(received), talk: await talk.eval(received) };
    const starting = Date.now();
    await server.start();
    const started = Date.now();
    const heard = until('sound flows again on both sides', async () => {
      const now = [await talks.eval(received), await talk.eval(received)];
      return now[0].audioPackets > before.talks.audioPackets + 5 && now[1].audioPackets > before.talk.audioPackets + 5 && Date.now();
    }, { every: 20 });
    await until('media flow again on both sides', async () => {
      const now = { talks: await talks.eval(received), talk: await talk.eval(received) };
      for (const who of ['talks', 'talk']) {
        const fresh = now[who].frames < before[who].frames ? now[who].frames : now[who].frames - before[who].frames;
        if (fresh < 3) throw new Error(`${who}: ${JSON.stringify(now[who])}`);
      }
      return true;
    }, { every: 20 });
    const back = Date.now();
    console.log(`# sound was back ${(await heard) - starting} ms after the start of the server`);
    console.log(`# the server was up ${started - starting} ms after its start, media were back ${back - starting} ms after it`);
    for (const page of [talks, talk]) await until('the sentence goes', async () => !/unterbrochen/.test(await page.text(hook('told'))));
    await sameCode(talks, talk);
    console.log(`# the safety code is ${(await sameCode(talks, talk)) === code ? 'the same' : 'a new one'}`);

    // The list and the waiting guest have come back by themselves as well.
    await until('the list is connected', async () => !/Verbindung ist unterbrochen/.test(await list.text('main')));
    await until('the waiting page is connected', async () => !/Verbindung ist unterbrochen/.test(await waits.text('main')));
    assert.equal(await waits.has(screen('waiting')), true);
    await says(list, talkingRow('Theo Talk'), /Sabine Krüger/);
    assert.equal((await rowOf(list, 'Wanda Wartet')).seat.arrivedAt, arrivedAt);
    assert.doesNotMatch(await list.text(waitingRow('Wanda Wartet')), /nicht verbunden/);

    // What needs the server works: chat goes from page to page, ending does not.
    await endTalk(talk);
    await talks.wait(screen('goodbye'));
    await callIn(list, 'Wanda Wartet', talk);
    await flows(waits, 'the one who waited');
    await flows(talk, 'the advisor');
    await sameCode(waits, talk);
    await endTalk(talk);
    await waits.wait(screen('goodbye'));
  });
});
