// A picture of every state of a journey for people to look at, and axe over each of them.

import axe from 'axe-core/axe.min.js'; // half of what else every page would have to be sent, and to read
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { until } from './page.mjs';

const results = fileURLToPath(new URL('../results', import.meta.url));
const LEVELS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

export const LONG = process.env.VISAVIS_TEST_LONG === '1';

// In a talk the languages stand in a dialog of their own, for which one that is open would have to go.
const SWITCHES = '[role=group] button[lang][aria-pressed=false], body:not(:has(dialog[open])) [data-testid=more]';

// album('de-390') answers see(page, name, rules): waits until nothing moves, takes the picture, asks axe; rules are
// axe's own, to switch further ones on or one off. see.both takes the picture in the other language, too, where axe would
// find nothing new, if the page lets choose; see.again takes it without axe. `seen` counts.
export function album(run) {
  rmSync(`${results}/${run}`, { recursive: true, force: true });
  const take = async (page, name) => {
    // Loading is over: fonts are there, and what comes late has come. A window behind others may never end what it moves.
    await page.eval(async () => {
      await document.fonts.ready;
      const late = new Promise((resolve) => setTimeout(resolve, 2000));
      const still = Promise.all(document.getAnimations().map((a) => (a.effect?.getTiming().iterations === Infinity ? null : a.finished.catch(() => {}))));
      await Promise.race([still, late]);
    });
    await page.shot(`${results}/${run}/${name}.png`);
    see.seen += 1;
  };
  const see = async (page, name, rules) => {
    await take(page, name);
    await accessible(page, `${run}/${name}`, rules);
  };
  see.seen = 0;
  // The picture of a state at which axe has looked, or will, in another look.
  see.again = async (page, name) => {
    await take(page, name);
    await fits(page, `${run}/${name}`);
  };
  see.both = async (page, name, rules) => {
    const language = await page.eval(() => document.documentElement.lang);
    const other = language === 'de' ? 'en' : 'de';
    await see(page, `${name}-${language}`, rules);
    if (!(await page.has(SWITCHES))) return console.log(`# ${run}/${name} is only there in ${language}: it offers no choice now`);
    await speak(page, other);
    await see.again(page, `${name}-${other}`);
    await speak(page, language);
  };
  return see;
}

// Texts come over the network: who is to be seen without one must have both before.
export async function learnBoth(page) {
  const language = await page.eval(() => document.documentElement.lang);
  await speak(page, language === 'de' ? 'en' : 'de');
  await speak(page, language);
}

// By script: the mouse would leave its shadow on what lies there next, and an open dialog would keep it away. In a talk
// the languages are among what is seldom needed.
export async function speak(page, language) {
  const choose = (tag) => {
    const more = document.querySelector('[data-testid=more]');
    (more ?? document.querySelector(`[role=group] button[lang=${tag}][aria-pressed=false]`))?.click();
    return more !== null;
  };
  if (await page.eval(choose, language)) {
    const button = `dialog[open] button[lang=${language}]`;
    // A script may be so quick that the page has not heard yet that the dialog was closed a moment ago.
    await until('the dialog is open', async () => (await page.has(button)) || ((await page.eval(choose, language)), false));
    await page.eval((selector) => document.querySelector(selector).click(), button);
    await page.press('Escape');
    await until('the dialog is closed', async () => !(await page.has(button)));
  }
  // A press that falls into the moment in which the page is drawn anew is made again, as a person would.
  let looks = 0;
  await until(`the page speaks ${language}`, async () => {
    if (await page.eval((tag) => document.documentElement.lang === tag, language)) return true;
    if (++looks % 40 === 0 && !(await page.has('[data-testid=more]'))) await page.eval(choose, language);
    return false;
  });
}

export async function accessible(page, where, rules = {}) {
  assert.deepEqual(await violations(page.page, LEVELS, rules), [], `axe in ${where}`);
  await fits(page, where);
}

// Runs axe in a page; it stays there for the next time, as reading its source takes longer than its work.
export async function violations(page, levels, rules = {}) {
  if (!(await page.evaluate('typeof axe === "object"'))) await page.evaluate(`${axe.source};undefined`);
  const options = { runOnly: { type: 'tag', values: levels }, rules, resultTypes: ['violations'] };
  return page.evaluate(
    `axe.run(document, ${JSON.stringify(options)}).then((found) => found.violations.map((v) => \`\${v.id}: \${v.help}: \${v.nodes.map((n) => n.html).join(' | ')}\`))`,
  );
}

async function fits(page, where) {
  const width = await page.eval(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(width[0] <= width[1], `${where} is ${width[0]} pixels wide in a window of ${width[1]}`);
}
