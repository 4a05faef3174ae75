// A picture of every state of a journey for people to look at, and axe over each of them.

import AxeBuilder from '@axe-core/playwright';
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const results = fileURLToPath(new URL('../results', import.meta.url));
const LEVELS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

// album('de-390') answers see(page, name, rules): waits until nothing moves, takes the picture, asks axe; rules are
// axe's own, to switch further ones on or one off. `seen` counts.
export function album(run) {
  rmSync(`${results}/${run}`, { recursive: true, force: true });
  const see = async (page, name, rules) => {
    // Loading is over: fonts are there, and what comes late has come.
    await page.eval(async () => {
      await document.fonts.ready;
      await Promise.all(document.getAnimations().map((a) => (a.effect?.getTiming().iterations === Infinity ? null : a.finished.catch(() => {}))));
    });
    await page.shot(`${results}/${run}/${name}.png`);
    await accessible(page, `${run}/${name}`, rules);
    see.seen += 1;
  };
  see.seen = 0;
  return see;
}

export async function accessible(page, where, rules = {}) {
  // The legacy mode opens no page of its own beside ours.
  const { violations } = await new AxeBuilder({ page: page.page })
    .options({ runOnly: { type: 'tag', values: LEVELS }, rules })
    .setLegacyMode(true)
    .analyze();
  const told = violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => n.html).join(' | ')}`);
  assert.deepEqual(told, [], `axe in ${where}`);
  const width = await page.eval(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(width[0] <= width[1], `${where} is ${width[0]} pixels wide in a window of ${width[1]}`);
}
