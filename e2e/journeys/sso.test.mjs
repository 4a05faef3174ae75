// Single sign-on at a real provider: people come by its pages, may do what it says, and are out when it says so.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gallery } from '../lib/looks.mjs';
import { gone, says } from '../lib/office.mjs';
import { until } from '../lib/page.mjs';
import { borrowNothing, openProvider, SECRET, signInThere, signOutThere } from '../lib/provider.mjs';
import { hook, screen } from '../lib/steps.mjs';
import { demoWorld, freePort, quietConsole } from '../lib/world.mjs';

const button = 'a[href^="/api/staff/sso/amt/start"]';

function configuration(dir, issuer) {
  const file = join(dir, 'config.yaml');
  const secret = join(dir, 'secret');
  writeFileSync(secret, SECRET, { mode: 0o600 });
  writeFileSync(file, `sso:
  - id: amt
    name: Dienstkonto
    agency: demo
    issuer: ${issuer}
    client_id: visavis
    client_secret_file: ${secret}
    scopes: [profile, email, groups]
    link_by_email: true
    create_accounts: true
    roles_claim: groups
    roles:
      - {value: berufsberatung, role: advisor, at: "desk:beruf"}
      - {value: familie, role: lead, at: "desk:familie"}
`);
  return file;
}

async function opened() {
  const dir = mkdtempSync(join(tmpdir(), 'visavis-sso-'));
  const [port, there] = [freePort(), freePort()];
  const person = (name, email, groups) => ({ name, email, email_verified: true, groups });
  const people = {
    nina: person('Nina Neumann', 'nina.neumann@example.org', ['berufsberatung']),
    sabine: person('Krüger, Sabine', 'sabine.krueger@example.org', []), // has an account, with a role that was given by hand
    udo: person('Udo Unbekannt', 'udo@example.org', ['kantine']),
  };
  const provider = await openProvider({ port: there, application: `http://localhost:${port}/api/staff/sso/amt`, people });
  try {
    const world = await demoWorld({ port, env: { VISAVIS_CONFIG: configuration(dir, provider.issuer) } });
    execFileSync('sqlite3', [join(world.server.data, 'visavis.db'), '.timeout 5000', `
      UPDATE desk SET code = 'beruf' WHERE name = 'Berufsberatung Musterstadt';
      UPDATE desk SET code = 'familie' WHERE name = 'Familienleistungen Probedorf';`]);
    const close = async () => {
      await world.close();
      await provider.close();
      rmSync(dir, { recursive: true, force: true });
    };
    return { ...world, provider, close };
  } catch (error) {
    await provider.close();
    throw error;
  }
}

async function visitor({ chromium }) {
  const page = await chromium.newPage();
  await borrowNothing(page);
  return page;
}

const desksOf = (page) => page.eval(async () => (await (await fetch('/api/staff/session')).json()).desks.map((d) => `${d.name}: ${d.role}`));

// From our sign-in page to the provider's and back.
async function signIn(page, world, name, path = '/staff') {
  await page.goto(world.server.url + path);
  await page.click(button);
  await signInThere(page, name);
}

test('single sign-on at a real provider', { timeout: 180_000 }, async (t) => {
  const world = await opened();
  const see = gallery('sso');
  let nina;
  try {
    await t.test('the sign-in page offers it, beside the passwords that some have', async () => {
      nina = await visitor(world);
      await nina.goto(`${world.server.url}/staff`);
      await nina.wait(button);
      await nina.wait('input[type=password]');
      await see.allLooks(nina, 'sign-in');
      await nina.page.setViewportSize({ width: 1280, height: 800 });
    });

    await t.test('who has no account gets one, and may do what the provider says', async () => {
      await signIn(nina, world, 'nina');
      await nina.wait(screen('today'));
      assert.equal(await nina.eval(() => location.href), `${world.server.url}/staff`);
      assert.deepEqual(await desksOf(nina), ['Berufsberatung Musterstadt: advisor']);
      const ours = (await nina.context.cookies(world.server.url)).map((c) => [c.name, c.httpOnly, c.secure, c.sameSite]);
      assert.deepEqual(ours, [['__Host-staff', true, true, 'Strict']]);
    });

    await t.test('signing out at the provider ends the session and what is on the screen within 5 s', async () => {
      const there = await nina.tab();
      const before = Date.now();
      await signOutThere(there, world.provider);
      const said = Date.now();
      await nina.wait(screen('signin'), 5000);
      console.log(`# out ${Date.now() - said} ms after the provider had said so, ${Date.now() - before} ms after its page was opened`);
      assert.equal(await nina.eval(async () => (await fetch('/api/staff/session')).status), 401);
      await there.close();
    });

    await t.test('at the next sign-in the provider says something else', async () => {
      world.provider.people.nina.groups = ['familie'];
      await signIn(nina, world, 'nina', '/staff/talk/ready');
      await until('the way back leads to the same page', () => nina.eval(() => location.pathname === '/staff/talk/ready' && !location.hash));
      assert.deepEqual(await desksOf(nina), ['Familienleistungen Probedorf: lead']);
    });

    await t.test('who has an account gets that one, with what was given there', async () => {
      const sabine = await visitor(world);
      await signIn(sabine, world, 'sabine');
      await sabine.wait(screen('today'));
      assert.equal(await sabine.eval(async () => (await (await fetch('/api/staff/session')).json()).name), 'Sabine Krüger');
      assert.equal((await desksOf(sabine)).length, 1);
    });

    await t.test('who may do nothing here is told so, and what to do', async () => {
      const udo = await visitor(world);
      await signIn(udo, world, 'udo');
      await says(udo, '[role=alert], main', /Sie gehören hier noch zu keinem Team/);
      assert.equal(await udo.eval(() => location.hash), '');
      await see.allLooks(udo, 'refused');
      await udo.page.setViewportSize({ width: 1280, height: 800 });
      await udo.reload();
      await udo.wait(button);
      await gone(udo, 'text=/zu keinem Team/');
    });

    await t.test('the provider is down: newcomers are told, and whoever is in goes on', async () => {
      await world.provider.down();
      const other = await visitor(world);
      await other.goto(`${world.server.url}/staff`);
      await other.wait(button);
      await world.server.kill('SIGTERM'); // or what the provider has said before would be remembered
      await world.server.start();
      await other.click(button);
      await says(other, 'main', /Anmeldestelle antwortet gerade nicht/);
      assert.deepEqual(await desksOf(nina), ['Familienleistungen Probedorf: lead']);
      await world.provider.up();
    });
    quietConsole(world.chromium, [/127\.0\.0\.1/, /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE/]);
    assert.ok(see.count() >= 4);
  } finally {
    await world.close();
  }
});
