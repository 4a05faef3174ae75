// What journeys about seats have in common: advisors at their lists, appointments at any time, guests on their devices.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { received, until } from './page.mjs';
import { ADVISORS, hook, screen, signIn } from './steps.mjs';

export const PHONE = { width: 390, height: 844 };
export const DESK = { width: 1280, height: 800 };

// An advisor at the list of today.
export async function advisor({ chromium, server }, who = 'sabine', options = DESK) {
  const list = await chromium.newPage(options);
  await signIn(list, server, ADVISORS[who]);
  return list;
}

// Books with the list's own session: any second, at the first desk. Answers {id, link}; the link only without e-mail.
export async function appoint(list, { name, email, phone, inSeconds = 120, language = 'de' }) {
  const made = await list.eval(
    async (citizen, after, tag) => {
      const me = await (await fetch('/api/staff/session')).json();
      const [desk] = me.desks;
      const service = me.services.find((s) => s.departmentId === desk.departmentId);
      const body = { desk: desk.id, service: service.id, startsAt: Date.now() + after * 1000, citizen, language: tag };
      const answer = await fetch('/api/staff/appointments', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
      return answer.json();
    },
    { name, ...(email ? { email } : {}), ...(phone ? { phone } : {}) },
    inSeconds,
    language,
  );
  if (!made.id) throw new Error(`not booked: ${JSON.stringify(made)}`);
  await list.wait(`li:has-text("${name}")`);
  return made;
}

// What the list knows of somebody.
export function rowOf(list, name) {
  return list.eval(async (wanted) => {
    const { events } = await (await fetch('/api/staff/stream', { headers: { Accept: 'application/json' } })).json();
    return events.find((e) => e.name === 'snapshot').data.rows.find((row) => row.citizen.name === wanted);
  }, name);
}

export const waitingRow = (name) => `${hook('waiting-row')}:has-text("${name}")`;
export const talkingRow = (name) => `${hook('talking-row')}:has-text("${name}")`;
export const missingRow = (name) => `${hook('missing-row')}:has-text("${name}")`;
export const nextRow = (name) => `${hook('next-row')}:has-text("${name}")`;

// Waits until a part of a page says something.
export async function says(page, selector, wanted, deadline) {
  await until(`${selector} says ${wanted}`, async () => {
    const text = await page.text(selector);
    if (wanted.test(text)) return true;
    throw new Error(text);
  }, { deadline });
}

// The focus is on something or inside of it, and has not fallen to the beginning of the page.
export const focused = (page, selector, deadline) => until(`the focus is at ${selector}`, () => page.has(`${selector}:focus, ${selector} :focus`), { deadline });

// The other person's picture is to be seen, whether or not it moves.
export const showsFace = (page) => page.has(`${hook('other')} .person:not(.faceless)`);

export const gone = (page, selector, deadline) => until(`${selector} is gone`, async () => !(await page.has(selector)), { deadline });

// A guest on a device, at the first screen of the link.
export async function guestAt(chromium, link, options = PHONE) {
  const guest = await chromium.newPage(options);
  await guest.goto(link);
  return guest;
}

// From the check into the waiting room, or to wherever the seat is.
export async function goIn(guest) {
  await guest.click(hook('check'));
  await guest.wait(screen('check'));
  await guest.wait('video');
  await guest.click(hook('arrive'));
}

export async function guestWaits(chromium, link, options) {
  const guest = await guestAt(chromium, link, options);
  await guest.wait(screen('landing'));
  await goIn(guest);
  await guest.wait(screen('waiting'));
  return guest;
}

// Admits one person by name; answers the window of the talk, which may be open from the talk before.
export async function callIn(list, name, talk) {
  const button = `${waitingRow(name)} ${hook('admit')}`;
  await list.wait(button);
  if (!talk) return list.nextPopup(() => list.click(button));
  await list.click(button);
  return talk;
}

// Fresh sound and pictures arrive on this page: more than there were a moment ago, in the connection of now.
export async function flows(page, who, deadline) {
  const begun = Date.now();
  let before = await page.eval(received);
  await until(`${who} sees and hears`, async () => {
    const now = await page.eval(received);
    if (now.frames < before.frames) before = now; // a new connection counts anew
    if (now.frames > before.frames + 3 && now.audioPackets > before.audioPackets) return true;
    throw new Error(JSON.stringify(now));
  }, { deadline });
  return Date.now() - begun;
}

// Both screens show one and the same code, and not this one.
export async function sameCode(guest, talk, not) {
  const code = (page) => page.eval(() => document.querySelector('[data-testid=code-chip]')?.dataset.code);
  let codes;
  await until('one new code on both screens', async () => {
    codes = [await code(guest), await code(talk)];
    if (/^\d{6}$/.test(codes[0] ?? '') && codes[0] === codes[1] && codes[0] !== not) return true;
    throw new Error(`${codes.join(' and ')}, before ${not}`);
  });
  return codes[0];
}

// As a telephone does when its screen is locked or another app comes to the front.
export function hide(page, hidden) {
  return page.eval((state) => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => state });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden ? 'hidden' : 'visible');
}

// How many tracks this page has open: whoever is not in a call must have none.
export const openDevices = (page) => page.eval(() => globalThis.keptTracks.filter((track) => track.readyState === 'live').length);

// Time cannot be turned, but an appointment can be put into the past.
export function shift({ server }, id, { seconds }) {
  const file = join(server.data, 'visavis.db');
  const ms = Math.round(seconds * 1000);
  execFileSync('sqlite3', [file, `.timeout 5000`, `UPDATE appointment SET starts_at = starts_at + ${ms}, ends_at = ends_at + ${ms} WHERE id = '${id}'`]);
}

// And it can be made to last until then, from now.
export function lasts({ server }, id, { seconds }) {
  const until = Date.now() + Math.round(seconds * 1000);
  execFileSync('sqlite3', [join(server.data, 'visavis.db'), `.timeout 5000`, `UPDATE appointment SET ends_at = ${until} WHERE id = '${id}'`]);
}
