// What people do, step by step. The only file that knows the pages' hooks.

import { received, until } from './page.mjs';
import { linkIn, mailFor } from './mail.mjs';

const hook = (id) => `[data-testid="${id}"]`;
export const screen = (name) => `main[data-screen="${name}"]`;

export async function signIn(page, server, email) {
  await page.goto(`${server.url}/staff`);
  await page.wait(screen('signin'));
  await page.fill('input[name=email]', email);
  await page.fill('input[type=password]', server.password());
  await page.click(hook('signin-submit'));
  await page.wait(screen('today'));
}

export const ADVISORS = { aylin: 'aylin.demir@example.org', jonas: 'jonas.weber@example.org', katharina: 'katharina.vogt@example.org', mehmet: 'mehmet.aksoy@example.org', sabine: 'sabine.krueger@example.org' };

function choose(page, select, value) {
  return page.eval(
    (selector, wanted) => {
      const element = document.querySelector(selector);
      element.value = wanted;
      element.dispatchEvent(new Event('change', { bubbles: true }));
    },
    select,
    value,
  );
}

// Books for "now" unless another start is given; answers when the row is in the list. What is anybody's collides with
// nothing that the demonstration has booked.
export async function book(page, { name, email = '', language = 'de', at, anybody = false } = {}) {
  await page.fill(`${hook('book-name')} input`, name);
  if (email) await page.fill(`${hook('book-email')} input`, email);
  await choose(page, `${hook('book-language')} select`, language);
  if (anybody) await choose(page, 'select:has(option[value=""])', '');
  if (at) await page.fill(`${hook('book-time')} input`, at);
  await page.click(hook('book-submit'));
  await until(`${name} in the list`, () => page.eval((n) => document.querySelector('main')?.innerText.includes(n), name));
}

// From the demonstration's mailbox, or from the mail server that a world has of its own.
export async function invitation(server, email) {
  const mail = await (server.mailFor?.(email) ?? mailFor(server, email));
  return { mail, link: linkIn(mail) };
}

// Counts the clicks: the link, "check camera and microphone", "enter the waiting room".
export async function enterWaitingRoom(page, link) {
  let clicks = 1; // the link in the mail
  await page.goto(link);
  await page.wait(screen('landing'));
  await page.click(hook('check'));
  clicks += 1;
  await page.wait(screen('check'));
  await page.wait('video, .on > p'); // who goes in before the devices answer takes part in writing until they do
  await page.click(hook('arrive'));
  clicks += 1;
  await page.wait(screen('waiting'));
  return clicks;
}

// Admits the only person waiting; answers the talk's window.
export async function admit(list) {
  await list.wait(hook('admit'));
  const talk = await list.nextPopup(() => list.click(hook('admit')));
  return talk;
}

// Answers what each side has received, so that a journey can look at the addresses.
export async function bothSeeAndHear(guest, advisor) {
  const now = {};
  for (const [who, page] of [['guest', guest], ['advisor', advisor]]) {
    await until(`${who} decodes frames and hears`, async () => {
      now[who] = await page.eval(received);
      await unblock(page, who);
      if (now[who].frames > 5 && now[who].audioEnergy > 0) return true;
      throw new Error(JSON.stringify(now[who]));
    });
  }
  return now;
}

// On a machine with much else to do browsers forget at times that a window was opened by a click, and want another one.
async function unblock(page, who) {
  if (!(await page.has(hook('unblock')))) return;
  console.log(`# the browser of the ${who} kept the sound back`);
  // It goes with any other touch, too: whoever waits for it to hold still would wait in vain.
  await page.click(hook('unblock'), 2_000).catch(() => undefined);
}

// Media go on: more frames than a moment ago.
export async function mediaGoOn(page, who, deadline) {
  const before = await page.eval(received);
  await until(`${who} goes on decoding`, async () => (await page.eval(received)).frames > before.frames + 5, { deadline });
}

// Writes to the other side and sees it arrive there.
export async function say(from, to, text) {
  const form = `form:has(${hook('chat-send')})`;
  for (const page of [from, to]) await page.click(hook('chat'));
  await from.fill(`${form} input`, text);
  await from.click(hook('chat-send'));
  await until(`"${text}" arrives`, async () => (await to.text('[role=log]')).includes(text));
  for (const page of [from, to]) await page.click(hook('chat'));
}

// The six digits on one screen.
export async function safetyCode(page) {
  await page.wait(hook('code-chip'));
  return page.eval((selector) => document.querySelector(selector).dataset.code, hook('code-chip'));
}

// Ends the talk from the advisor's window with an outcome.
// What something says that is there only for a moment. Ask before the moment can come: whoever looks afterwards may be late.
export function moment(page, selector) {
  return page.eval((wanted) => new Promise((resolve) => {
    const observer = new MutationObserver(look);
    function look() {
      const found = document.querySelector(wanted);
      if (!found) return;
      observer.disconnect();
      resolve(found.innerText);
    }
    observer.observe(document.documentElement, { childList: true, subtree: true });
    look();
  }), selector);
}

export async function endTalk(talk, outcome = 'held') {
  await talk.click(hook('end'));
  await talk.click(hook(`outcome-${outcome}`));
  await talk.wait(hook('farewell'));
}

export { hook };
