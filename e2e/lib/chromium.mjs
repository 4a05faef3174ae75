// Drives Debian's Chromium through playwright-core, with fake devices.

import { chromium } from 'playwright-core';
import { TIME_ZONE } from './clock.mjs';
import { DEADLINE, keepConnections, shotPath } from './page.mjs';

const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--lang=de-DE',
  // The last two: an address bar that nobody sees takes pages of its own with each window, half a second of work.
  '--disable-features=Translate,OptimizationHints,MediaRouter,WebUIOmniboxPopup,WebUIOmniboxAimPopup',
];
const FAKE = ['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream=fps=10', '--auto-select-desktop-capture-source=Entire screen'];

// `unwatched` is for measuring: nobody writes down what pages ask for, which takes time from what is measured.
export async function launchChromium({ args = [], fake = true, executablePath = '/usr/bin/chromium', unwatched = false } = {}) {
  const options = { executablePath, args: [...QUIET, ...(fake ? FAKE : []), '--autoplay-policy=user-gesture-required', ...args] };
  const browser = await chromium.launch(options);
  const requests = [];
  const consoleLines = [];
  return {
    name: 'chromium',
    requests,
    consoleLines,
    browser,
    async newPage({ width = 1280, height = 800, ...options } = {}) {
      const context = await browser.newContext({
        viewport: { width, height },
        ignoreHTTPSErrors: true,
        locale: 'de-DE',
        timezoneId: TIME_ZONE,
        reducedMotion: 'reduce',
        ...options,
      });
      await context.addInitScript(keepConnections);
      if (!unwatched) context.on('request', (r) => requests.push(r.url()));
      context.on('console', (m) => consoleLines.push(`${m.type()}: ${m.text()} (${m.location().url})`));
      context.on('weberror', (e) => consoleLines.push(`error: ${e.error().stack ?? e.error().message} (${e.page()?.url()})`));
      context.setDefaultTimeout(DEADLINE);
      return new ChromiumPage(await context.newPage(), context);
    },
    // Whoever goes on waiting or listening with nobody looking takes a tenth of a core: a test leaves only these pages open.
    async closeAllBut(...pages) {
      for (const context of browser.contexts()) if (!pages.some((page) => page.context === context)) await context.close();
    },
    // As when a battery dies: no page gets to say good-bye.
    async kill() {
      if (!browser.isConnected()) return;
      const gone = new Promise((resolve) => browser.once('disconnected', resolve));
      const { processInfo } = await (await browser.newBrowserCDPSession()).send('SystemInfo.getProcessInfo');
      process.kill(processInfo.find(({ type }) => type === 'browser').id, 'SIGKILL');
      await gone;
    },
    close: () => browser.close(),
  };
}

export class ChromiumPage {
  constructor(page, context) {
    Object.assign(this, { page, context, browser: 'chromium' });
  }
  goto(url) {
    return this.page.goto(url);
  }
  reload() {
    return this.page.reload();
  }
  // The browser's own button.
  back() {
    return this.page.goBack({ waitUntil: 'commit' });
  }
  // As an expression over the debugging protocol: the page's own policy (no eval,
  // Trusted Types) stays in force for the page and does not stand in our way.
  eval(fn, ...args) {
    return this.page.evaluate(`(${fn.toString()})(...${JSON.stringify(args)})`);
  }
  async wait(selector, deadline = DEADLINE) {
    await this.page.locator(selector).first().waitFor({ timeout: deadline });
  }
  has(selector) {
    return this.page.locator(selector).first().isVisible();
  }
  click(selector, timeout = DEADLINE) {
    return this.page.locator(selector).first().click({ timeout });
  }
  fill(selector, value) {
    return this.page.locator(selector).first().fill(value);
  }
  press(key) {
    return this.page.keyboard.press(key);
  }
  text(selector) {
    return this.page.locator(selector).first().innerText();
  }
  async nextPopup(action) {
    const opened = this.context.waitForEvent('page');
    await action();
    return new ChromiumPage(await opened, this.context);
  }
  // Another tab of the same browser.
  async tab() {
    return new ChromiumPage(await this.context.newPage(), this.context);
  }
  async shot(path) {
    await this.page.screenshot({ path: shotPath(path), fullPage: true });
  }
  close() {
    return this.page.close();
  }
  closeAll() {
    return this.context.close();
  }
}
