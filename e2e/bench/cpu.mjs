// What a talk costs a guest's device, as far as it is this machine: the processor time of the pages of the guest's browser,
// in percent of one core. Nobody has said yet how much it may be. Writes bench/results/cpu.json; run by scripts/bench.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { launchChromium } from '../lib/chromium.mjs';
import { DESK, PHONE, advisor, appoint, callIn, flows, guestWaits } from '../lib/office.mjs';
import { bothSeeAndHear, hook, screen } from '../lib/steps.mjs';
import { demoWorld } from '../lib/world.mjs';

const RUNS = Number(process.env.VISAVIS_BENCH_CPU_RUNS ?? 3);
const WINDOW_MS = Number(process.env.VISAVIS_BENCH_CPU_MS ?? 10_000);
// A connection that has just begun sends more and more for a while.
const SETTLE_MS = 10_000;
// Linux counts in hundredths of a second, whatever the machine (USER_HZ, time(7)).
const TICK_MS = 10;
const CAMERA = { unwatched: true, args: ['--use-fake-device-for-media-stream=fps=30'] };

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const round = (value) => Math.round(value * 10) / 10;
const after = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// utime and stime, behind the name, which may hold blanks and brackets (proc_pid_stat(5)).
function spentMs(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

async function percent({ browser }) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const pages = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
  const values = [];
  await after(SETTLE_MS);
  for (let run = 0; run < RUNS; run += 1) {
    const begun = performance.now();
    const before = pages.map(spentMs);
    await after(WINDOW_MS);
    const spent = pages.reduce((sum, pid, i) => sum + spentMs(pid) - before[i], 0);
    values.push((spent / (performance.now() - begun)) * 100);
  }
  return round(median(values));
}

async function allowCompany({ chromium, server }) {
  const admin = await chromium.newPage(DESK);
  await admin.goto(`${server.url}/staff`);
  await admin.wait(screen('signin'));
  await admin.fill('input[name=email]', 'martina.lorenz@example.org');
  await admin.fill('input[type=password]', server.password());
  await admin.press('Enter');
  await admin.wait(screen('admin'));
  const status = await admin.eval(async () => {
    const me = await (await fetch('/api/staff/session')).json();
    const whole = me.roles.find((held) => held.role === 'agency_admin').place;
    return (await fetch(`/api/staff/places/${whole}/rules/talk.company`, { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: '{"value":"on"}' })).status;
  });
  if (status !== 200) throw new Error(`company is not allowed: ${status}`);
  await admin.closeAll();
}

async function bringIn({ chromium }, talk, name) {
  await talk.click(hook('more'));
  await talk.click(hook('company-open'));
  await talk.page.getByLabel('Begleitung').check();
  await talk.page.locator('dialog[open] input[type=text]').fill(name);
  await talk.click(hook('company-invite'));
  const invited = `${hook('invited')}[data-name="${name}"]`;
  await talk.click(`${invited} ${hook('show-link')}`);
  const link = await talk.text(`${invited} ${hook('book-link')}`);
  await talk.press('Escape');
  const page = await guestWaits(chromium, link.trim(), PHONE);
  await talk.click(hook('bring-in'));
  await page.wait(screen('talk'));
  await bothSeeAndHear(page, talk);
  return page;
}

const figures = {};
const world = await demoWorld({ browser: CAMERA, env: { VISAVIS_TALK_HEADS_UP: '0s', VISAVIS_LOG_LEVEL: 'error' } });
const far = await launchChromium(CAMERA);
try {
  await allowCompany(world);
  const list = await advisor(world);
  const { link } = await appoint(list, { name: 'Gerda Beispiel' });
  const guest = await guestWaits(far, link, PHONE);
  const talk = await callIn(list, 'Gerda Beispiel');
  await bothSeeAndHear(guest, talk);
  figures.guest_cpu_percent_2 = await percent(far);

  const blur = guest.page.locator('dialog[open] input[type=checkbox]').first();
  await guest.click(hook('more'));
  await guest.click(hook('finer-open'));
  await blur.check();
  await guest.wait(`${hook('blur-state')}[data-state=on]`, 60_000);
  figures.blur_cpu_percent = round((await percent(far)) - figures.guest_cpu_percent_2);
  await blur.uncheck();
  await guest.press('Escape');
  await flows(talk, 'the advisor');

  for (const name of ['Ada Probe', 'Ben Probe']) {
    await bringIn(world, talk, name);
    await guest.wait(`${hook('member')}[data-name="${name}"][data-connected="true"]`, 60_000);
  }
  figures.guest_cpu_percent_4 = await percent(far);
} finally {
  await far.close();
  await world.close();
}
figures.cpu_runs = `processor time of a guest's pages, of one core (guest_cpu_percent_2: a talk of two, _4: with two of company; blur_cpu_percent: what a blurred background takes beside the talk of two), median of ${RUNS} times ${WINDOW_MS / 1000} s, pretended cameras with 30 pictures a second, no graphics processor; all other pages run on the same machine`;
const results = fileURLToPath(new URL('../../bench/results', import.meta.url));
mkdirSync(results, { recursive: true });
writeFileSync(`${results}/cpu.json`, `${JSON.stringify(figures, null, 2)}\n`);
console.log(JSON.stringify(figures, null, 2));
