// A second network namespace for one browser, joined to ours by a cable that a
// journey can pull out. Its end is 10.78.0.2 at first, ours (where the server listens) 10.78.0.1.

import { spawn, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './page.mjs';

export const SERVER_ADDRESS = '10.78.0.1';
const FAR_ADDRESSES = ['10.78.0.2', '10.78.0.3'];
export const isFar = (address) => FAR_ADDRESSES.includes(address);

// This machine's address in the namespace that run-in-namespace.sh makes; without one some journeys cannot run, and say so.
export const OWN_ADDRESS = process.env.VISAVIS_E2E_ADDRESS;
export const withoutNamespace = OWN_ADDRESS ? false : 'NOT RUN: there is no network namespace; see e2e/run-in-namespace.sh';

export async function pluggedNetwork() {
  const holder = spawn('unshare', ['--net', 'sleep', '3600'], { stdio: 'ignore' });
  const outside = (command, ...args) => execFileSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const ip = (...args) => execFileSync('ip', args);
  let [address] = FAR_ADDRESSES;
  const inside = (...args) => execFileSync('nsenter', [`--net=/proc/${holder.pid}/ns/net`, ...args]);
  await until('the second namespace', () => {
    const ours = execFileSync('readlink', ['/proc/self/ns/net']).toString();
    return execFileSync('readlink', [`/proc/${holder.pid}/ns/net`]).toString() !== ours;
  });
  ip('link', 'add', 'cable0', 'type', 'veth', 'peer', 'name', 'cable1');
  ip('link', 'set', 'cable1', 'netns', String(holder.pid));
  ip('addr', 'add', `${SERVER_ADDRESS}/24`, 'dev', 'cable0');
  // Without addresses that come by themselves seconds later: a browser that is loading a page then begins anew.
  ip('link', 'set', 'cable0', 'addrgenmode', 'none', 'up');
  inside('ip', 'link', 'set', 'lo', 'up');
  inside('ip', 'addr', 'add', `${address}/24`, 'dev', 'cable1');
  inside('ip', 'link', 'set', 'cable1', 'addrgenmode', 'none', 'up');
  inside('ip', 'route', 'add', 'default', 'via', SERVER_ADDRESS);
  swallow(inside);
  const dir = mkdtempSync(join(tmpdir(), 'visavis-cable-'));
  const chromium = join(dir, 'chromium');
  writeFileSync(chromium, `#!/bin/sh\nexec nsenter --net=/proc/${holder.pid}/ns/net /usr/bin/chromium "$@"\n`);
  chmodSync(chromium, 0o755);
  return {
    chromium,
    // Pulled on our side: the other end sees its carrier go, as with a real cable.
    pull: () => ip('link', 'set', 'cable0', 'down'),
    plug: () => ip('link', 'set', 'cable0', 'up'),
    // As firewalls do that answer nothing: block('udp'), block('tcp', 3478).
    block: (protocol, port) => inside('ip', 'rule', ...rule('add', protocol, port)),
    allow: (protocol, port) => inside('ip', 'rule', ...rule('del', protocol, port)),
    // So many kbit/s in each direction, whatever the protocol, with a queue that holds 300 ms; without a number no limit.
    limit(kbit) {
      for (const [at, device] of [[outside, 'cable0'], [inside, 'cable1']]) {
        if (kbit === undefined) at('tc', 'qdisc', 'del', 'dev', device, 'root');
        else at('tc', 'qdisc', 'replace', 'dev', device, 'root', 'tbf', 'rate', `${kbit}kbit`, 'burst', '3200', 'limit', String(Math.max(4500, Math.round(kbit * 37.5))));
      }
    },
    // As when somebody walks out of the reach of a wireless network: the address is gone, and there is another one.
    move() {
      const before = address;
      address = FAR_ADDRESSES[(FAR_ADDRESSES.indexOf(before) + 1) % FAR_ADDRESSES.length];
      inside('ip', 'addr', 'del', `${before}/24`, 'dev', 'cable1');
      inside('ip', 'addr', 'add', `${address}/24`, 'dev', 'cable1');
      inside('ip', 'route', 'replace', 'default', 'via', SERVER_ADDRESS);
    },
    close() {
      try {
        ip('link', 'del', 'cable0');
      } catch {
        // gone with its namespace
      }
      holder.kill('SIGKILL');
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

const SWALLOWED = '100';

const rule = (what, protocol, port) => [what, 'ipproto', protocol, ...(port ? ['dport', String(port)] : []), 'lookup', SWALLOWED];

// A way that leads into a cable whose other end nobody listens to.
function swallow(inside) {
  inside('ip', 'link', 'add', 'void0', 'type', 'veth', 'peer', 'name', 'void1');
  for (const end of ['void0', 'void1']) inside('ip', 'link', 'set', end, 'addrgenmode', 'none', 'up');
  inside('ip', 'neigh', 'add', SERVER_ADDRESS, 'lladdr', '02:00:00:00:00:01', 'dev', 'void0', 'nud', 'permanent');
  inside('ip', 'route', 'add', SERVER_ADDRESS, 'dev', 'void0', 'table', SWALLOWED);
}
