// One state in different looks: another language, another width, light and dark, without loading the page again.

import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { album, LONG, speak } from './album.mjs';
import { until } from './page.mjs';

const LOOKS = [
  ['de', 390, 'light'],
  ['en', 1280, 'dark'],
  ['de', 1280, 'dark'],
  ['en', 390, 'light'],
  ['de', 390, 'dark'],
  ['en', 1280, 'light'],
];
const HEIGHTS = { 320: 640, 390: 844, 1280: 800 };

// Neighbouring states take different pairs of looks, so that all of them are seen without taking every picture six times.
// Axe looks at each state once, in each of the six looks in turn; in the long form at every picture. A page without states
// like it beside it can be shown in `allLooks`: one pair, in the long form all three.
export function gallery(run) {
  const see = album(run);
  let turn = 0;
  let states = 0;
  // Guests read at 7:1 and hit targets of 48 pixels; staff pages are denser.
  const both = (rules, check) => async (page, name) => {
    const asked = Math.floor(states / 3) % 2; // the first of three pairs, then the second
    for (const [i, [language, width, colorScheme]] of LOOKS.slice(turn, turn + 2).entries()) {
      await look(page, { language, width, colorScheme });
      await check?.(page, name);
      const picture = `${name}-${language}-${width}-${colorScheme}`;
      await (LONG || i === asked ? see(page, picture, rules) : see.again(page, picture));
    }
    turn = (turn + 2) % LOOKS.length;
    states += 1;
  };
  const staff = both({});
  const allLooks = async (page, name) => {
    for (let pair = 0; pair < (LONG ? 3 : 1); pair += 1) await staff(page, `${name}-${pair}`);
  };
  return { guest: both({ 'color-contrast-enhanced': { enabled: true } }, forGuests), staff, allLooks, see, count: () => see.seen };
}

export async function look(page, { language, width, colorScheme }) {
  await page.page.emulateMedia({ colorScheme });
  await page.page.setViewportSize({ width, height: HEIGHTS[width] });
  await until('the new size', () => page.eval((size) => innerWidth === size.width && innerHeight === size.height, { width, height: HEIGHTS[width] }));
  if (language === undefined) return;
  await page.page.mouse.move(0, 0);
  await speak(page, language);
}

async function forGuests(page, where) {
  await largeTargets(page, where);
  // What takes the place of a control takes over its focus: whoever works by keyboard or listens goes on from there.
  await until(`the focus is somewhere in ${where}`, () => page.eval(() => document.activeElement !== document.body));
}

async function largeTargets(page, where) {
  const small = await page.eval(() =>
    [...document.querySelectorAll('main button, main summary, main a, dialog[open] button')]
      .filter((control) => control.checkVisibility() && !control.closest('p'))
      .map((control) => [control.innerText, control.getBoundingClientRect()])
      .filter(([, box]) => box.height < 47.5 || box.width < 47.5)
      .map(([text, box]) => `${text} ${Math.round(box.width)} × ${Math.round(box.height)}`),
  );
  assert.deepEqual(small, [], `targets in ${where}`);
}

// What has the focus is in the window as a whole, and nothing that sticks to the window lies over it (WCAG 2.4.11).
export async function focusInSight(page, where) {
  const covered = await page.eval(() => {
    const focused = document.activeElement;
    const box = focused.getBoundingClientRect();
    const at = [[box.left + 8, box.top + 2], [box.right - 8, box.top + 2], [box.left + 8, box.bottom - 2], [box.right - 8, box.bottom - 2]];
    const seen = at.every(([x, y]) => focused.contains(document.elementFromPoint(x, y)));
    return seen ? '' : `${focused.innerText} from ${Math.round(box.top)} to ${Math.round(box.bottom)} of ${innerHeight}`;
  });
  assert.equal(covered, '', `${where}: the focus is in sight`);
}

// A state for docs/advisor: in German, light, and only as much of the page as it is about.
export async function forDocs(page, name, selector, width = 1280) {
  await look(page, { language: 'de', width, colorScheme: 'light' });
  const path = fileURLToPath(new URL(`../results/advisor/${name}.png`, import.meta.url));
  await page.eval(() => document.fonts.ready.then(() => undefined));
  if (selector) await page.page.locator(selector).first().screenshot({ path });
  else await page.page.screenshot({ path });
}
