// Puts the pictures that the journeys have taken for docs/advisor there, small: node e2e/advisor-pictures.mjs, after
// journeys/team.test.mjs and journeys/leading.test.mjs.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launchChromium } from './lib/chromium.mjs';

const from = fileURLToPath(new URL('results/advisor', import.meta.url));
const to = fileURLToPath(new URL('../docs/advisor/pictures', import.meta.url));

const painter = await launchChromium();
const { page } = await painter.newPage({ width: 1280, height: 800 });
for (const name of readdirSync(from)) {
  const url = `data:image/png;base64,${readFileSync(join(from, name)).toString('base64')}`;
  const small = await page.evaluate(async (source) => {
    const image = new Image();
    image.src = source;
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = image.width;
    canvas.height = image.height;
    canvas.getContext('2d').drawImage(image, 0, 0);
    return canvas.toDataURL('image/webp', 0.85).split(',')[1];
  }, url);
  writeFileSync(join(to, `${basename(name, '.png')}.webp`), Buffer.from(small, 'base64'));
}
await painter.close();
