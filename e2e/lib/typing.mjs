// How long each letter of real-time text needs from the field of one page to the other one's (same machine, same clock).

import { setTimeout } from 'node:timers/promises';
import { until } from './page.mjs';
import { hook } from './steps.mjs';

const LINE = 40;

// Runs in the page that types: when each letter stood in its field.
const typed = (field) => {
  const at = (globalThis.typedAt = []);
  document.querySelector(field).addEventListener('input', (event) => event.target.value && at.push(performance.timeOrigin + performance.now()));
};

// Runs in the page that reads: when so many letters of the other side were there in all, by the line they stand in.
const read = (lines, name, length) => {
  const at = (globalThis.readAt = []);
  const look = () => {
    const now = performance.timeOrigin + performance.now();
    const theirs = [...document.querySelectorAll(lines)].map((p) => p.textContent.trim()).filter((text) => text.startsWith(`${name}:`));
    const last = theirs.at(-1)?.slice(name.length + 1).trim().length ?? 0;
    const all = Math.max(0, theirs.length - 1) * length + last;
    while (at.length < all) at.push(now);
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
};

// Types so many letters, about fifteen a second (a quick typist), and tells for each how many ms it took.
export async function latencies({ from, to, name, letters }) {
  const live = hook('live');
  await to.eval(([code, ...args]) => new Function(`return (${code})`)()(...args), [String(read), `${live} [role=log] p`, name, LINE]);
  await from.eval(([code, field]) => new Function(`return (${code})`)()(field), [String(typed), `${live} input`]);
  await from.page.locator(`${live} input`).focus();
  for (let letter = 0; letter < letters; letter += 1) {
    if (letter > 0 && letter % LINE === 0) await from.press('Enter');
    await from.page.keyboard.press(String.fromCharCode(97 + (letter % 26)));
    await setTimeout(55);
  }
  const there = await until('all letters are there', async () => (await to.eval(() => globalThis.readAt.length)) >= letters && to.eval(() => globalThis.readAt));
  const sent = await from.eval(() => globalThis.typedAt);
  return there.slice(0, letters).map((at, i) => at - sent[i]);
}
