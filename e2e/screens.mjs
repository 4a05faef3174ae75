// Makes docs/images/screens.png, the picture in the README: an advisor's list with somebody waiting, and the talk on a
// citizen's telephone. The cameras show drawn people. Run it after a change of looks:
// node e2e/screens.mjs

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launchChromium } from './lib/chromium.mjs';
import { until } from './lib/page.mjs';
import { ADVISORS, admit, book, bothSeeAndHear, enterWaitingRoom, hook, invitation, signIn } from './lib/steps.mjs';
import { demoWorld } from './lib/world.mjs';

const target = fileURLToPath(new URL('../docs/images/screens.png', import.meta.url));

const person = ({ wall, thing, skin, hair, shirt, long, glasses }) => `
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1280 720">
  <rect width="1280" height="720" fill="${wall}"/>
  ${thing}
  ${long ? `<path d="M470 330q0-190 170-190t170 190v220H470z" fill="${hair}"/>` : ''}
  <path d="M330 720q10-190 200-205l110 40 110-40q190 15 200 205z" fill="${shirt}"/>
  <path d="M580 470h120v70q-60 60-120 0z" fill="${skin}"/>
  <ellipse cx="640" cy="345" rx="128" ry="158" fill="${skin}"/>
  <path d="M505 340q-10-195 140-190t130 190q-20-90-70-112-110 35-150-5-40 35-50 117z" fill="${hair}"/>
  <circle cx="592" cy="350" r="12" fill="#2b2320"/><circle cx="688" cy="350" r="12" fill="#2b2320"/>
  ${glasses ? '<g fill="none" stroke="#2b2320" stroke-width="7"><circle cx="592" cy="350" r="38"/><circle cx="688" cy="350" r="38"/><path d="M630 346h20"/></g>' : ''}
  <path d="M590 425q50 42 100 0" fill="none" stroke="#7c3b34" stroke-width="10" stroke-linecap="round"/>
</svg>`;

const advisor = person({
  wall: '#d9e2ea', skin: '#e8b796', hair: '#4a2f23', shirt: '#2e4a78', long: true, glasses: false,
  thing: '<rect x="930" y="80" width="230" height="420" fill="#b98d5f"/><g fill="#f4efe6"><rect x="950" y="100" width="190" height="100"/><rect x="950" y="240" width="190" height="100"/><rect x="950" y="380" width="190" height="100"/></g><g fill="#607fae"><rect x="960" y="110" width="26" height="90"/><rect x="1000" y="120" width="30" height="80"/><rect x="970" y="255" width="34" height="85"/><rect x="1060" y="250" width="28" height="90"/></g>',
});
const citizen = person({
  wall: '#f3e3c8', skin: '#f0c9ad', hair: '#c9c9cf', shirt: '#7a4f6d', long: false, glasses: true,
  thing: '<rect x="90" y="90" width="260" height="300" fill="#fff"/><rect x="110" y="110" width="220" height="260" fill="#a9cfe6"/><path d="M110 310q60-80 120-20t100-30v110H110z" fill="#7fae7a"/><circle cx="1090" cy="560" r="70" fill="#5f8f5a"/><path d="M1050 600h80l-14 110h-52z" fill="#b5653f"/>',
});

const folder = mkdtempSync(join(tmpdir(), 'visavis-screens-'));
const painter = await launchChromium();
const { page } = await painter.newPage({ width: 1280, height: 720 });

// A film of two equal pictures is all that Chromium's file camera needs.
async function film(name, svg) {
  await page.setContent(`<body style="margin:0">${svg}</body>`);
  const picture = await page.screenshot({ type: 'jpeg', quality: 90 });
  const path = join(folder, `${name}.mjpeg`);
  writeFileSync(path, Buffer.concat([picture, picture]));
  return `--use-file-for-fake-video-capture=${path}`;
}

const world = await demoWorld({ browser: { args: [await film('advisor', advisor)] } });
const phone = await launchChromium({ args: [await film('citizen', citizen)] });
try {
  const list = await world.chromium.newPage({ width: 1180, height: 860 });
  await signIn(list, world.server, ADVISORS.aylin);
  await book(list, { name: 'Gerda Beispiel', email: 'gerda@example.org' });
  const { link } = await invitation(world.server, 'gerda@example.org');
  const guest = await phone.newPage({ width: 390, height: 780, deviceScaleFactor: 2, isMobile: true, hasTouch: true });
  await enterWaitingRoom(guest, link);
  await until('the camera is known', async () => /mit Kamera/.test(await list.text(hook('waiting-row'))));
  await list.eval(() => {
    document.activeElement?.blur();
    scrollTo(0, 0);
  });
  const desk = await list.page.screenshot();
  const talk = await admit(list);
  await bothSeeAndHear(guest, talk);
  await guest.wait(hook('code-chip'));
  await guest.page.waitForTimeout(3000); // until the picture is sharp
  const telephone = await guest.page.screenshot();
  await page.setViewportSize({ width: 1280, height: 760 });
  await page.setContent(`<body style="margin:0;background:#e9ebf3;position:relative;height:760px;overflow:hidden">
    <img src="data:image/png;base64,${desk.toString('base64')}" style="position:absolute;left:36px;top:36px;width:940px;border-radius:10px;box-shadow:0 6px 24px #0003">
    <img src="data:image/png;base64,${telephone.toString('base64')}" style="position:absolute;right:36px;top:60px;width:320px;border-radius:26px;border:8px solid #171a2b;box-shadow:0 8px 28px #0005"></body>`);
  await page.screenshot({ path: target });
} finally {
  await phone.close();
  await world.close();
  await painter.close();
  rmSync(folder, { recursive: true, force: true });
}
