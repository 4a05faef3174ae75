// A server in the middle that swaps keys, commitments and nonces consistently is noticed by nobody's software; the two
// people notice it, because their digits differ.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evilServer } from '../lib/evil.mjs';
import { withoutNamespace } from '../lib/network.mjs';
import { ADVISORS, admit, book, bothSeeAndHear, enterWaitingRoom, hook, invitation, safetyCode, say, signIn } from '../lib/steps.mjs';
import { demoWorld, freePort } from '../lib/world.mjs';

test('E2E-04: with a server in the middle both talk, and see different digits', { timeout: 180_000, skip: withoutNamespace }, async () => {
  const world = await demoWorld();
  let evil;
  try {
    const { server, chromium } = world;
    const middle = await chromium.newPage();
    await middle.goto(`${server.url}/readyz`);
    evil = await evilServer({ port: freePort(), honest: server.url, middle });

    const list = await chromium.newPage();
    await signIn(list, server, ADVISORS.sabine);
    await book(list, { name: 'Gerda Beispiel', email: 'gerda@example.org' });
    const { link } = await invitation(server, 'gerda@example.org');
    const guest = await chromium.newPage({ width: 390, height: 844 });
    await enterWaitingRoom(guest, link.replace(server.url, evil.url));
    const talk = await admit(list);
    await bothSeeAndHear(guest, talk);
    await say(guest, talk, 'Meine Kontonummer ist 4711.');
    assert.ok((await middle.eval(() => globalThis.middle.heard)).some((line) => line.includes('4711')), 'the middle reads along: it really is one');
    assert.ok(evil.seen.offers > 0 && evil.seen.answers > 0 && evil.seen.reveals === 1, JSON.stringify(evil.seen));

    const codes = [await safetyCode(guest), await safetyCode(talk)];
    for (const [i, page] of [guest, talk].entries()) {
      assert.match(codes[i], /^\d{6}$/);
      assert.equal(await page.has(hook('alarm')), false);
    }
    assert.notEqual(codes[0], codes[1], 'the digits tell');
    console.log(`# with a server in the middle the guest sees ${codes[0]}, the advisor ${codes[1]}`);
  } finally {
    evil?.close();
    await world.close();
  }
});
