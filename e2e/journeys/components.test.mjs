// Every component in every state, under the product's content security policy: accessible, within a narrow window,
// in both colour schemes, with the colours a person has forced upon the browser.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createReadStream, existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { violations } from '../lib/album.mjs';
import { launchChromium } from '../lib/chromium.mjs';

const web = fileURLToPath(new URL('../../web', import.meta.url));
const gallery = join(web, 'dist-gallery');
const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.png': 'image/png', '.woff2': 'font/woff2' };
const policy = [
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'",
  "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "require-trusted-types-for 'script'; trusted-types svelte-trusted-html visavis-worker",
].join('; ');

let server;
let address;
let browser;

before(async () => {
  execFileSync('npm', ['run', '--silent', 'gallery'], { cwd: web, stdio: 'pipe' });
  server = createServer((request, response) => {
    const path = join(gallery, new URL(request.url, 'http://localhost').pathname);
    if (!path.startsWith(gallery) || !existsSync(path)) return response.writeHead(404).end();
    response.writeHead(200, { 'Content-Type': types[extname(path)] ?? 'text/plain', 'Content-Security-Policy': policy });
    createReadStream(path).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${server.address().port}/gallery.html`;
  browser = await launchChromium();
});

after(async () => {
  await browser?.close();
  server?.close();
});

async function open(options) {
  browser.consoleLines.length = 0;
  const { page } = await browser.newPage({ width: 390, ...options });
  await page.goto(address);
  await page.locator('h1').waitFor();
  return page;
}

const levels = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

for (const [name, options, rules] of [
  ['on a phone', {}, [...levels, 'wcag2aaa']],
  ['in the dark', { colorScheme: 'dark' }, [...levels, 'wcag2aaa']],
  ['at 320 pixels', { width: 320 }, levels],
  ['on a desk', { width: 1280 }, levels],
]) {
  test(`components are accessible ${name}, and break no policy`, async () => {
    const page = await open(options);
    assert.deepEqual(await violations(page, rules), []);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(wide <= 0, `the page scrolls sideways by ${wide} pixels`);
    assert.deepEqual(browser.consoleLines, []);
    await page.context().close();
  });
}

test('forced colours keep every control visible', async () => {
  const page = await open({ forcedColors: 'active' });
  const invisible = await page.evaluate(() =>
    [...document.querySelectorAll('button, input, select, textarea')]
      .filter((control) => control.offsetParent && parseFloat(getComputedStyle(control).borderBottomWidth) === 0)
      .filter((control) => !control.textContent.trim())
      .map((control) => control.outerHTML.slice(0, 80)),
  );
  assert.deepEqual(invisible, []);
  await page.context().close();
});

test('a dialog takes the focus, closes on Escape and gives it back', async () => {
  const page = await open();
  const opener = page.getByRole('button', { name: 'Dialog öffnen' });
  await opener.click();
  await page.getByRole('dialog', { name: 'Gespräch verlassen?' }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.closest('dialog') !== null), true);
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.equal(await opener.evaluate((button) => document.activeElement === button), true);
  await page.context().close();
});

test('choosing a language changes the texts and says so in the document', async () => {
  const page = await open();
  await page.getByRole('button', { name: 'English' }).click();
  await page.getByRole('link', { name: 'Skip to content' }).waitFor({ state: 'attached' });
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'en');
  await page.context().close();
});

test('the way past the head leads into the main area and leaves the address alone', async () => {
  const page = await open();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
  assert.equal(new URL(page.url()).hash, '');
  await page.context().close();
});

test('what is announced is read out, also twice', async () => {
  const page = await open();
  const say = page.getByRole('button', { name: 'Ansagen' });
  const voice = page.locator('[aria-live="polite"]');
  await say.click();
  const first = await voice.textContent();
  await say.click();
  const second = await voice.textContent();
  assert.equal(first.trim(), 'Frau Sommer hat Sie aufgerufen.');
  assert.equal(second.trim(), first.trim());
  assert.notEqual(second, first);
  await page.context().close();
});
