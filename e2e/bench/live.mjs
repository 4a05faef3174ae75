import { advisor, appoint, callIn, guestWaits, PHONE } from '../lib/office.mjs';
import { bothSeeAndHear, hook } from '../lib/steps.mjs';
import { tap } from '../lib/tap.mjs';
import { latencies } from '../lib/typing.mjs';
import { demoWorld, freePort } from '../lib/world.mjs';
const media = freePort(); const relay = `127.0.0.2:${media}`;
const world = await demoWorld({ env: { VISAVIS_RELAY_UDP: relay, VISAVIS_RELAY_TCP: relay, VISAVIS_RELAY_ADVERTISE: '127.0.0.1' } });
const line = await tap({ listen: { address: '127.0.0.1', port: media }, relay: { address: '127.0.0.2', port: media } });
try {
  const list = await advisor(world);
  const { link } = await appoint(list, { name: 'Gerda Beispiel' });
  const guest = await guestWaits(world.chromium, link, PHONE);
  const talk = await callIn(list, 'Gerda Beispiel');
  await bothSeeAndHear(guest, talk);
  await guest.click(hook('more')); await guest.click(hook('live-open')); await guest.wait(hook('live'));
  for (const share of (process.env.LOSS ?? '0,0.0253,0.106').split(',').map(Number)) {
    line.lose(share);
    const ms = (await latencies({ from: guest, to: talk, name: 'Gerda Beispiel', letters: Number(process.env.N ?? 200) })).sort((a, b) => a - b);
    const q = (p) => Math.round(ms[Math.min(ms.length - 1, Math.ceil(ms.length * p) - 1)] * 10) / 10;
    console.log(`lost on each half ${share}: p50 ${q(0.5)} p95 ${q(0.95)} p99 ${q(0.99)} max ${q(1)}`);
    line.lose(0);
    await guest.press('Enter');
    await guest.reload(); await bothSeeAndHear(guest, talk); await guest.click(hook('more')); await guest.click(hook('live-open')); await guest.wait(hook('live'));
    await talk.reload(); await bothSeeAndHear(guest, talk);
  }
} finally { await world.close(); line.close(); }
