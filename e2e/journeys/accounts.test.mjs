// Accounts of a small site, from the invitation to the passkey: what people read in their mails, and what they do with it.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, test } from 'node:test';
import { gallery } from '../lib/looks.mjs';
import { mailFor } from '../lib/mail.mjs';
import { says } from '../lib/office.mjs';
import { ADVISORS, hook, screen } from '../lib/steps.mjs';
import { demoWorld, onlyOurHost, quietConsole } from '../lib/world.mjs';

const ADMIN = 'martina.lorenz@example.org';
const PAULA = 'paula.neu@example.org';
const FIRST = 'Vier Fische im Nebel';
const SECOND = 'Sieben Tassen ohne Henkel';
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

let world;
let see;
let admin;
let paula;
let codes;
let app;

before(async () => {
  world = await demoWorld();
  see = gallery('accounts');
  admin = await world.chromium.newPage();
  paula = await world.chromium.newPage();
});
after(() => world?.close());

// What an app shows at a moment, from nothing but the text that stands below the picture.
function codeOf(secret, steps = 0) {
  const bits = [...secret.replaceAll(' ', '')].map((letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const mac = createHmac('sha1', key).update(step).digest();
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

async function looks(page, name) {
  await see.allLooks(page, name);
  await page.page.setViewportSize({ width: 1280, height: 800 });
  await page.page.emulateMedia({ colorScheme: 'light' });
}

async function signIn(page, email, password) {
  await page.goto(`${world.server.url}/staff`);
  await page.wait(screen('signin'));
  await page.fill('input[name=email]', email);
  await page.fill('input[type=password]', password);
  await page.click(hook('signin-submit'));
}

const linkIn = (mail) => /https?:\/\/\S+\/staff\/password#\S+/.exec(mail.text)[0];

// Out, and back at the sign-in page.
async function signOut(page) {
  await page.eval(async () => fetch('/api/staff/session', { method: 'DELETE' }));
  await page.goto(`${world.server.url}/staff`);
  await page.wait(screen('signin'));
}

async function openAccount(page) {
  await page.goto(`${world.server.url}/staff/account`);
  await page.wait(`${screen('account')} ${hook('account-sessions')}`);
}

test('an administrator makes an account, and its owner gets an e-mail', async () => {
  await signIn(admin, ADMIN, world.server.password());
  await admin.wait(screen('admin'));
  await admin.goto(`${world.server.url}/staff/admin/people/new`);
  await admin.fill('input[name=email]', PAULA);
  await admin.fill('input[name=name]', 'Paula Neu');
  await admin.page.selectOption('select[name=role]', '');
  await see.staff(admin, 'new-person');
  await admin.click(hook('save'));
  await admin.wait(`h1:has-text("Paula Neu")`);
  await admin.eval(async () => {
    const id = location.pathname.split('/').at(-1);
    const { places } = await (await fetch('/api/staff/places?kind=desk')).json();
    const desk = places.find((place) => place.name === 'Berufsberatung Musterstadt').id;
    await fetch(`/api/staff/people/${id}/roles`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ role: 'advisor', place: desk }) });
  });
  const mail = await mailFor(world.server, PAULA);
  assert.match(mail.subject, /^(Ihr Zugang zu den Videoterminen|Your access to video appointments)$/);
  assert.ok(mail.html.includes(linkIn(mail)) && mail.html.includes('Paula Neu'));
  await admin.reload();
  await says(admin, 'main', /Einladung gilt bis|invitation is valid until/);
  await looks(admin, 'invited');
  await admin.click(hook('invite'));
  await says(admin, '[role=status]', /Paula Neu bekommt eine E-Mail|Paula Neu gets an e-mail/);
});

test('the older link is dead, the newer one sets a password that is good enough', async () => {
  const links = new Set();
  const mail = await mailFor(world.server, PAULA, (one) => links.add(linkIn(one)).size === 2);
  assert.ok(mail);
  await paula.goto(`${world.server.url}/staff`);
  const alive = await paula.eval(async (all) => {
    const { origin } = location;
    const live = [];
    for (const link of all) {
      const [agency, secret] = link.split('#')[1].split('.');
      const answer = await fetch(`${origin}/api/staff/password/link`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ agency, secret }) });
      if (answer.ok) live.push(link);
    }
    return live;
  }, [...links]);
  assert.equal(alive.length, 1);
  await paula.goto('about:blank');
  await paula.goto(alive[0]);
  await paula.wait(`${screen('password')} ${hook('password-form')}`);
  await says(paula, 'main', /paula\.neu@example\.org/);
  await looks(paula, 'choose-password');
  await paula.fill('input[name=new-password]', 'passwort1234');
  await paula.click(hook('password-submit'));
  await paula.wait('input[name=new-password][aria-invalid=true]');
  await looks(paula, 'bad-password');
  await paula.fill('input[name=new-password]', FIRST);
  await paula.click(hook('password-submit'));
  await paula.wait(screen('today'));
  assert.equal(await paula.eval(() => location.pathname + location.hash), '/staff');
  await paula.goto('about:blank');
  await paula.goto(alive[0]);
  await says(paula, '[role=alert]', /gilt nicht mehr|no longer valid/);
  await looks(paula, 'link-over');
});

test('who has forgotten the password gets a link, and nobody learns who has an account', async () => {
  await signOut(paula);
  await looks(paula, 'sign-in');
  const ask = async (email) => {
    await paula.reload();
    await paula.click(hook('forgotten'));
    await paula.fill('input[name=email]', email);
    await paula.click(hook('forgotten-submit'));
    await paula.wait('[role=status]:has-text("unterwegs"), [role=status]:has-text("on its way")');
    return paula.text('main');
  };
  assert.equal(await ask('niemand@example.org'), await ask(PAULA));
  await looks(paula, 'forgotten');
  const mail = await mailFor(world.server, PAULA, (one) => /Neues Passwort|New password/.test(one.subject));
  await paula.goto('about:blank');
  await paula.goto(linkIn(mail));
  await paula.wait(hook('password-form'));
  await paula.fill('input[name=new-password]', SECOND);
  await paula.click(hook('password-submit'));
  await paula.wait(screen('today'));
});

test('an app is set up as second factor, and asked for from then on', async () => {
  await openAccount(paula);
  await looks(paula, 'account');
  await paula.click(hook('factor-begin'));
  await paula.fill('input[name=current-password]', 'falsch');
  await paula.click(hook('confirm'));
  await paula.wait('input[name=current-password][aria-invalid=true]');
  await paula.fill('input[name=current-password]', SECOND);
  await paula.click(hook('confirm'));
  await paula.wait(hook('factor-form'));
  await looks(paula, 'set-up-app');
  await paula.click('summary');
  const secret = await paula.text(hook('factor-secret'));
  app = (steps) => codeOf(secret, steps);
  await paula.fill('input[name=code]', app());
  await paula.click(hook('factor-on'));
  await paula.wait(`${hook('recovery-codes')} li`);
  codes = await paula.eval(() => [...document.querySelectorAll('[data-testid=recovery-codes] li')].map((li) => li.textContent));
  assert.equal(codes.length, 10);
  await looks(paula, 'recovery-codes');
  await paula.click(hook('recovery-done'));
  await paula.wait(hook('factor-off'));

  await signOut(paula);
  await signIn(paula, PAULA, SECOND);
  await paula.wait(hook('code-form'));
  await looks(paula, 'second-step');
  await paula.fill('input[name=code]', '000000');
  await paula.click(hook('code-submit'));
  await paula.wait('input[name=code][aria-invalid=true]');
  await paula.fill('input[name=code]', app(1));
  await paula.click(hook('code-submit'));
  await paula.wait(screen('today'));

  await signOut(paula);
  await signIn(paula, PAULA, SECOND);
  await paula.wait(hook('code-form'));
  await paula.fill('input[name=code]', codes[0].toUpperCase());
  await paula.press('Enter');
  await paula.wait(screen('today'));
});

test('a passkey stands for both, and a copy of it is refused', async () => {
  const devtools = await paula.context.newCDPSession(paula.page);
  await devtools.send('WebAuthn.enable');
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  await openAccount(paula);
  await paula.click(hook('passkey-begin'));
  await paula.fill('input[name=label]', 'Mein Laptop');
  await paula.fill('input[name=current-password]', SECOND);
  await see.staff(paula, 'new-passkey');
  await paula.page.locator('input[name=current-password]').press('Enter');
  await paula.wait(`${hook('account-passkeys')} li:has-text("Mein Laptop")`);
  await looks(paula, 'passkey');
  const { credentials } = await devtools.send('WebAuthn.getCredentials', { authenticatorId });
  assert.equal(credentials.length, 1);
  assert.equal(credentials[0].rpId, 'localhost');
  assert.equal(credentials[0].isResidentCredential, true);

  const byPasskey = async () => {
    await signOut(paula);
    await paula.click(hook('signin-passkey'));
  };
  await byPasskey();
  await paula.wait(screen('today'));
  await byPasskey();
  await paula.wait(screen('today'));

  // The same key at an earlier count: a copy.
  await devtools.send('WebAuthn.removeCredential', { authenticatorId, credentialId: credentials[0].credentialId });
  await devtools.send('WebAuthn.addCredential', { authenticatorId, credential: { ...credentials[0], signCount: 0 } });
  await byPasskey();
  await says(paula, '[role=alert]', /Vielleicht gibt es eine Kopie|may be a copy/);
  await see.staff(paula, 'passkey-copied');

  // Nobody has put a finger on it.
  await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false });
  await byPasskey();
  await says(paula, '[role=alert]', /abgebrochen|cancelled/);

  await signIn(paula, PAULA, SECOND);
  await paula.wait(hook('code-form'));
  await paula.fill('input[name=code]', codes[1]);
  await paula.click(hook('code-submit'));
  await paula.wait(screen('today'));
  await openAccount(paula);
  await paula.click(hook('passkey-remove'));
  await paula.fill('input[name=current-password]', SECOND);
  await looks(paula, 'passkey-remove');
  // By keyboard: after pictures of several sizes the page moves under a mouse that presses.
  await paula.page.locator('input[name=current-password]').press('Enter');
  await says(paula, '[role=status]', /Passkey gilt nicht mehr|passkey is no longer valid/);
});

test('one session is ended from another, and the page says which is which', async () => {
  const elsewhere = await world.chromium.newPage();
  await signIn(elsewhere, PAULA, SECOND);
  await elsewhere.fill('input[name=code]', codes[3]);
  await elsewhere.click(hook('code-submit'));
  await elsewhere.wait(screen('today'));
  await openAccount(paula);
  await says(paula, hook('account-sessions'), /Chrome (unter|on) Linux/);
  await looks(paula, 'sessions');
  const before = await paula.eval(() => document.querySelectorAll('[data-testid=session-end]').length);
  // The newest comes first: that is the other window.
  await paula.click(`${hook('account-sessions')} li:first-child ${hook('session-end')}`);
  await elsewhere.wait(screen('signin'));
  await says(paula, '[role=status]', /Dort sind Sie abgemeldet|signed out there/);
  assert.equal(await paula.eval(() => document.querySelectorAll('[data-testid=session-end]').length), before - 1);
});

test('signing out everywhere ends what is open in another browser', async () => {
  const elsewhere = await world.chromium.newPage();
  await signIn(elsewhere, PAULA, SECOND);
  await elsewhere.fill('input[name=code]', codes[2]);
  await elsewhere.click(hook('code-submit'));
  await elsewhere.wait(screen('today'));
  await openAccount(paula);
  assert.equal(await paula.eval(() => document.querySelectorAll('[data-testid=account-sessions] li').length) >= 2, true);
  await paula.click(hook('sessions-end'));
  await paula.wait(screen('signin'));
  await elsewhere.wait(screen('signin'));
});

test('where the agency demands a second factor, who has none is led to it; who has lost it, gets it reset', async () => {
  await admin.eval(async () => {
    const me = await (await fetch('/api/staff/session')).json();
    const whole = me.roles.find((held) => held.role === 'agency_admin').place;
    await fetch(`/api/staff/places/${whole}/rules/signin.factor`, { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ value: 'demanded' }) });
  });
  const jonas = await world.chromium.newPage();
  await signIn(jonas, ADVISORS.jonas, world.server.password());
  await jonas.wait(hook('factor-form'));
  await looks(jonas, 'led-to-it');
  await jonas.click('summary');
  const secret = await jonas.text(hook('factor-secret'));
  await jonas.fill('input[name=code]', codeOf(secret));
  await jonas.click(hook('factor-on'));
  await jonas.wait(hook('recovery-codes'));
  await jonas.click(hook('recovery-done'));
  await jonas.wait(screen('today'));

  const id = await admin.eval(async () => {
    const found = await (await fetch('/api/staff/people/search', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ text: 'jonas' }) })).json();
    return found.people[0].id;
  });
  await admin.goto(`${world.server.url}/staff/admin/people/${id}`);
  await admin.click(hook('factor-reset'));
  await admin.wait(hook('factor-reset-yes'));
  await see.staff(admin, 'reset');
  await admin.click(hook('factor-reset-yes'));
  await says(admin, '[role=status]', /zurückgesetzt|is reset/);
  await jonas.wait(screen('signin'));
});

test('nothing is asked of anybody else, and the console is quiet', () => {
  onlyOurHost(world.chromium, world.server);
  // A stream that is just being asked for when its session is ended elsewhere is told so by its status.
  quietConsole(world.chromium, [/(403|410|409|422) \(.*\).*\/api\/staff\//, /401 \(.*\).*\/api\/staff\/stream/]);
});
