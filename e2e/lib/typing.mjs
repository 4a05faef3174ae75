// How long each letter of real-time text needs from the field of one page to the other one's (same machine, same clock).

import { setTimeout } from 'node:timers/promises';
import { until } from './page.mjs';
import { hook } from './steps.mjs';

const LINE = 40;

// Runs in the page that types: when each letter stood in its field.
const typed = (field) => {
  globalThis.typedAt = [];
  // A second time it is the same function, which is then added to nothing.
  globalThis.noteTyped ??= (event) => event.target.value && globalThis.typedAt.push(performance.timeOrigin + performance.now());
  document.querySelector(field).addEventListener('input', globalThis.noteTyped);
};

// Runs in the page that reads: when so many letters of the other side were there in all, by the line they stand in.
const read = (lines, name, length) => {
  const at = (globalThis.readAt = []);
  const all = () => [...document.querySelectorAll(lines)].map((p) => p.textContent.trim()).filter((text) => text.startsWith(`${name}:`));
  const before = all().length;
  globalThis.reading?.disconnect();
  const look = () => {
    const now = performance.timeOrigin + performance.now();
    const theirs = all().slice(before);
    const last = theirs.at(-1)?.slice(name.length + 1).trim().length ?? 0;
    const sum = Math.max(0, theirs.length - 1) * length + last;
    while (at.length < sum) at.push(now);
  };
  globalThis.reading = new MutationObserver(look);
  globalThis.reading.observe(document.body, { subtree: true, childList: true, characterData: true });
};

// Types so many letters in new lines, about twenty a second, and tells for each how many ms it took.
export async function latencies({ from, to, name, letters }) {
  const live = hook('live');
  await to.eval(read, `${live} [role=log] p`, name, LINE);
  await from.eval(typed, `${live} input`);
  await from.page.locator(`${live} input`).focus();
  for (let letter = 0; letter < letters; letter += 1) {
    if (letter > 0 && letter % LINE === 0) await from.press('Enter');
    await from.page.keyboard.press(String.fromCharCode(97 + (letter % 26)));
    await setTimeout(40);
  }
  const there = await until('all letters are there', async () => (await to.eval(() => globalThis.readAt.length)) >= letters && to.eval(() => globalThis.readAt));
  await from.press('Enter');
  const sent = await from.eval(() => globalThis.typedAt);
  return there.slice(0, letters).map((at, i) => at - sent[i]);
}
