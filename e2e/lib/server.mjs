// Starts the real binary in a folder of its own and ends only what it started.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TIME_ZONE } from './clock.mjs';
import { until } from './page.mjs';

export const BINARY = process.env.VISAVIS_BINARY ?? fileURLToPath(new URL('../../bin/visavis', import.meta.url));

// options: command (demo, serve, relay), env, dir, url, port; waitFor is a path that answers 200, or what the log says
export async function startServer({ command = 'demo', port = 8080, host = 'localhost', tls = false, dir, env = {}, waitFor = '/readyz' } = {}) {
  const own = dir === undefined;
  const data = dir ?? mkdtempSync(join(tmpdir(), 'visavis-e2e-'));
  const url = `${tls ? 'https' : 'http'}://${host}:${port}`;
  const server = { url, data, log: '', child: null };
  server.env = {
    ...process.env,
    VISAVIS_HTTP_LISTEN: tls ? `0.0.0.0:${port}` : `127.0.0.1:${port}`,
    VISAVIS_HTTP_URL: url,
    VISAVIS_HTTP_TLS: tls ? 'self-signed' : 'off',
    VISAVIS_DATA_DIR: data,
    VISAVIS_TIME_ZONE: TIME_ZONE,
    VISAVIS_LOG_LEVEL: 'debug',
    ...env,
  };
  server.start = async () => {
    const child = spawn(BINARY, [command], { env: server.env, stdio: ['ignore', 'pipe', 'pipe'] });
    server.child = child;
    const before = server.log.length;
    child.stdout.on('data', (chunk) => (server.log += chunk));
    child.stderr.on('data', (chunk) => (server.log += chunk));
    let ended = null;
    child.once('exit', (code, signal) => (ended = `${code ?? signal}`));
    await until(`${command} ready at ${url}`, async () => {
      if (ended !== null) throw new Error(`the server ended (${ended}): ${server.log.slice(-800)}`);
      return waitFor instanceof RegExp ? waitFor.test(server.log.slice(before)) : answers(url + waitFor);
    }, { deadline: 15_000, every: 20 });
  };
  server.kill = async (signal = 'SIGKILL') => {
    const child = server.child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  };
  server.stop = async () => {
    await server.kill('SIGTERM');
    if (process.env.VISAVIS_E2E_LOGS) writeFileSync(join(process.env.VISAVIS_E2E_LOGS, `${command}-${port}.log`), server.log);
    if (own) rmSync(data, { recursive: true, force: true, maxRetries: 5 });
  };
  server.password = () => /(?:Passwort|password)[^\n:]*:\s*(\S+)/i.exec(server.log)?.[1];
  await server.start();
  return server;
}

// A TLS-agnostic readiness probe: Node refuses the self-signed certificate, which
// also proves that the port answers, so it is asked with verification off.
async function answers(url) {
  const { request } = await import(url.startsWith('https') ? 'node:https' : 'node:http');
  return new Promise((resolve) => {
    const req = request(url, { rejectUnauthorized: false, timeout: 1000 }, (res) => {
      res.resume();
      resolve(res.statusCode === 200);
    });
    req.on('error', () => resolve(false));
    req.on('timeout', () => req.destroy());
    req.end();
  });
}

export async function fetchText(url) {
  const { request } = await import(url.startsWith('https') ? 'node:https' : 'node:http');
  return new Promise((resolve, reject) => {
    const req = request(url, { rejectUnauthorized: false }, (res) => {
      const parts = [];
      res.on('data', (c) => parts.push(c));
      res.on('end', () => resolve({ status: res.statusCode, headers: res.headers, body: Buffer.concat(parts).toString() }));
    });
    req.on('error', reject);
    req.end();
  });
}

export const readIf = (path) => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};
