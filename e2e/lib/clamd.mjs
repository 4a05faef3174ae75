// A real clamd that knows one pretended virus, for as long as a journey takes.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './page.mjs';

// Nothing that other scanners know, so that none takes away this source.
export const VIRUS = 'what a scanner in a journey of Visavis finds';

export async function startClamd() {
  const folder = mkdtempSync(join(tmpdir(), 'clamd'));
  const socket = join(folder, 'clamd.ctl');
  const config = join(folder, 'clamd.conf');
  writeFileSync(join(folder, 'test.ndb'), `Visavis.Test:0:*:${Buffer.from(VIRUS).toString('hex')}\n`);
  writeFileSync(config, `Foreground yes\nLocalSocket ${socket}\nDatabaseDirectory ${folder}\nTemporaryDirectory ${folder}\nStreamMaxLength 50M\nMaxThreads 4\n`);
  const child = spawn('/usr/sbin/clamd', [`--config-file=${config}`], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  await until('clamd answers', () => ping(socket), { every: 100 });
  return { address: `unix:${socket}`, stop, close: async () => { await stop(); rmSync(folder, { recursive: true }); } };
}

function ping(socket) {
  return new Promise((resolve) => {
    const line = connect(socket);
    line.on('error', () => resolve(false));
    line.on('data', (data) => {
      resolve(data.toString().startsWith('PONG'));
      line.destroy();
    });
    line.write('zPING\0');
  });
}
