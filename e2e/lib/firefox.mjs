// Drives Debian's Firefox over WebDriver BiDi (https://www.w3.org/TR/webdriver-bidi/),
// which needs no further driver program. Firefox does not pair its host
// candidates with 127.0.0.1: it must run in a network namespace that has another
// address and a default route (see run-in-namespace.sh).

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import WebSocket from 'ws';
import { TIME_ZONE } from './clock.mjs';
import { DEADLINE, keepConnections, shotPath, until } from './page.mjs';

const PREFS = {
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  'media.autoplay.default': 0,
  'media.peerconnection.ice.loopback': true,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.homepage_override.mstone': 'ignore',
  'datareporting.policy.dataSubmissionEnabled': false,
  'app.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,#',
  'dom.disable_open_during_load': false,
  'remote.active-protocols': 1,
  'media.gmp-manager.updateEnabled': false,
};

export async function launchFirefox({ prefs = {} } = {}) {
  const profile = mkdtempSync(join(tmpdir(), 'visavis-firefox-'));
  const lines = Object.entries({ ...PREFS, ...prefs }).map(([k, v]) => `user_pref(${JSON.stringify(k)}, ${JSON.stringify(v)});`);
  writeFileSync(join(profile, 'user.js'), lines.join('\n'));
  const child = spawn('firefox-esr', ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, MOZ_HEADLESS: '1', HOME: profile, TZ: TIME_ZONE },
  });
  const address = await new Promise((resolve, reject) => {
    let seen = '';
    child.stderr.on('data', (chunk) => {
      seen += chunk;
      const match = /WebDriver BiDi listening on (ws:\/\/\S+)/.exec(seen);
      if (match) resolve(match[1]);
    });
    child.on('exit', (code) => reject(new Error(`Firefox ended with ${code}: ${seen.slice(-400)}`)));
    setTimeout(() => reject(new Error('Firefox did not start in 60 s')), 60_000).unref();
  });
  const bidi = await connect(`${address}/session`);
  await bidi.send('session.new', { capabilities: { alwaysMatch: { acceptInsecureCerts: true } } });
  const requests = [];
  await bidi.send('session.subscribe', { events: ['network.beforeRequestSent', 'log.entryAdded', 'script.realmCreated'] });
  const consoleLines = [];
  bidi.on('network.beforeRequestSent', (p) => requests.push(p.request.url));
  // What the browser itself says on a tab's empty first page, before any of ours, is none of our lines (Firefox 140 does).
  const blank = new Set();
  bidi.on('script.realmCreated', ({ realm, origin }) => origin === 'null' && blank.add(realm));
  bidi.on('log.entryAdded', (p) => blank.has(p.source.realm) || consoleLines.push(`${p.level}: ${p.text}`));
  await bidi.send('script.addPreloadScript', { functionDeclaration: keepConnections.toString() });
  return {
    name: 'firefox',
    requests,
    consoleLines,
    newPage: (options) => newPage(bidi, options),
    // Closes all pages with all they kept, so that the next ones find a browser as new.
    async forget() {
      const { userContexts } = await bidi.send('browser.getUserContexts', {});
      for (const { userContext } of userContexts) if (userContext !== 'default') await bidi.send('browser.removeUserContext', { userContext });
      requests.length = 0;
      consoleLines.length = 0;
    },
    async close() {
      await bidi.send('browser.close', {}).catch(() => {});
      child.kill('SIGTERM');
      await new Promise((resolve) => (child.exitCode === null ? child.once('exit', resolve) : resolve()));
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function connect(url) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    const waiting = new Map();
    const listeners = new Map();
    let id = 0;
    socket.on('error', reject);
    socket.on('message', (data) => {
      const message = JSON.parse(data);
      if (message.id !== undefined) {
        const { done, fail } = waiting.get(message.id) ?? {};
        waiting.delete(message.id);
        if (message.type === 'error') fail?.(new Error(`${message.error}: ${message.message}`));
        else done?.(message.result);
      } else for (const f of listeners.get(message.method) ?? []) f(message.params);
    });
    socket.on('open', () =>
      resolve({
        on: (method, f) => listeners.set(method, [...(listeners.get(method) ?? []), f]),
        send: (method, params) =>
          new Promise((done, fail) => {
            id += 1;
            waiting.set(id, { done, fail });
            socket.send(JSON.stringify({ id, method, params }));
          }),
      }),
    );
  });
}

async function newPage(bidi, { width = 1280, height = 800 } = {}) {
  const { userContext } = await bidi.send('browser.createUserContext', { acceptInsecureCerts: true });
  const { context } = await bidi.send('browsingContext.create', { type: 'tab', userContext });
  await bidi.send('browsingContext.setViewport', { context, viewport: { width, height } });
  return new FirefoxPage(bidi, context, userContext);
}

// Runs in the page.
async function clickable(selector) {
  const element = document.querySelector(selector);
  if (!element || element.disabled) return false;
  element.scrollIntoView({ block: 'center' });
  const where = () => JSON.stringify(element.getBoundingClientRect());
  const before = where();
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  const { x, y, width, height } = element.getBoundingClientRect();
  if (before !== where() || !element.contains(document.elementFromPoint(x + width / 2, y + height / 2))) return false;
  globalThis.clickAwaited = true;
  element.addEventListener('click', () => (globalThis.clickAwaited = false), { capture: true, once: true });
  return true;
}

class FirefoxPage {
  constructor(bidi, context, userContext) {
    Object.assign(this, { bidi, context, userContext, browser: 'firefox' });
  }
  async goto(url) {
    await this.bidi.send('browsingContext.navigate', { context: this.context, url, wait: 'complete' });
  }
  async reload() {
    await this.bidi.send('browsingContext.reload', { context: this.context, wait: 'complete' });
  }
  async eval(fn, ...args) {
    const result = await this.bidi.send('script.callFunction', {
      functionDeclaration: `async (text) => JSON.stringify(await (${fn.toString()})(...JSON.parse(text)) ?? null)`,
      arguments: [{ type: 'string', value: JSON.stringify(args) }],
      awaitPromise: true,
      target: { context: this.context },
      userActivation: true,
    });
    if (result.type === 'exception') throw new Error(result.exceptionDetails.text);
    return JSON.parse(result.result.value);
  }
  async wait(selector, deadline = DEADLINE) {
    await until(`${selector} in Firefox`, () => this.eval((s) => Boolean(document.querySelector(s)?.checkVisibility()), selector), { deadline });
  }
  async has(selector) {
    return this.eval((s) => Boolean(document.querySelector(s)?.checkVisibility()), selector);
  }
  async element(selector) {
    await this.wait(selector);
    const { nodes } = await this.bidi.send('browsingContext.locateNodes', {
      context: this.context,
      locator: { type: 'css', value: selector },
      maxNodeCount: 1,
    });
    return { sharedId: nodes[0].sharedId };
  }
  // As Playwright does for Chromium: not before it can be clicked, stands still, and nothing lies over it. What moves
  // all the same between looking and clicking is clicked again.
  async click(selector) {
    await until(`${selector} takes a click`, async () => {
      if (!(await this.eval(clickable, selector))) return false;
      const element = await this.element(selector);
      await this.bidi.send('input.performActions', {
        context: this.context,
        actions: [
          {
            type: 'pointer',
            id: 'mouse',
            actions: [
              { type: 'pointerMove', x: 0, y: 0, origin: { type: 'element', element } },
              { type: 'pointerDown', button: 0 },
              { type: 'pointerUp', button: 0 },
            ],
          },
        ],
      });
      return this.eval(() => !globalThis.clickAwaited);
    });
  }
  async fill(selector, value) {
    await this.click(selector);
    await this.eval(
      (s, v) => {
        const field = document.querySelector(s);
        const proto = field instanceof HTMLTextAreaElement ? HTMLTextAreaElement.prototype : HTMLInputElement.prototype;
        Object.getOwnPropertyDescriptor(proto, 'value').set.call(field, v);
        field.dispatchEvent(new Event('input', { bubbles: true }));
        field.dispatchEvent(new Event('change', { bubbles: true }));
      },
      selector,
      value,
    );
  }
  async press(key) {
    const value = { Enter: '\uE007', Escape: '\uE00C', Tab: '\uE004' }[key] ?? key;
    await this.bidi.send('input.performActions', {
      context: this.context,
      actions: [{ type: 'key', id: 'keyboard', actions: [{ type: 'keyDown', value }, { type: 'keyUp', value }] }],
    });
  }
  async text(selector) {
    return this.eval((s) => document.querySelector(s)?.innerText ?? '', selector);
  }
  // The window that this page opens next (window.open) as a page of its own.
  async nextPopup(action) {
    const before = await this.contexts();
    await action();
    const context = await until('a new window', async () => (await this.contexts()).find((c) => !before.includes(c)));
    return new FirefoxPage(this.bidi, context, this.userContext);
  }
  async contexts() {
    const { contexts } = await this.bidi.send('browsingContext.getTree', { maxDepth: 0 });
    return contexts.filter((c) => c.userContext === this.userContext).map((c) => c.context);
  }
  async shot(path) {
    const { data } = await this.bidi.send('browsingContext.captureScreenshot', { context: this.context, origin: 'viewport' });
    writeFileSync(shotPath(path), Buffer.from(data, 'base64'));
  }
  async close() {
    await this.bidi.send('browsingContext.close', { context: this.context }).catch(() => {});
  }
}
