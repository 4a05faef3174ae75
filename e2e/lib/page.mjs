// One small page interface over Chromium (Playwright) and Firefox (WebDriver
// BiDi), so that a journey is written once and run in every pair of browsers.
//
// A page can: goto, eval, click, fill, press, text, wait, shot, close.

import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

// Only what has failed takes so long: how soon something happens is measured (bench), and a slow machine fails nothing.
export const DEADLINE = 60_000;

// Runs in every document before its own scripts: keeps the connections that
// the page makes, so that a journey can read getStats. Nothing else is touched.
export function keepConnections() {
  const kept = [];
  const Native = globalThis.RTCPeerConnection;
  if (!Native) return;
  globalThis.RTCPeerConnection = new Proxy(Native, {
    construct(target, args) {
      const pc = Reflect.construct(target, args);
      kept.push(pc);
      return pc;
    },
  });
  Object.defineProperty(globalThis, 'keptConnections', { get: () => kept });
  globalThis.clicksMade = 0;
  document.addEventListener('click', (event) => (globalThis.clicksMade += event.isTrusted ? 1 : 0), true);
  globalThis.wakeLocksAsked = 0;
  const wake = globalThis.WakeLock?.prototype;
  if (wake) {
    const { request } = wake;
    wake.request = function (...args) {
      globalThis.wakeLocksAsked += 1;
      return request.apply(this, args);
    };
  }
  const media = globalThis.MediaDevices?.prototype;
  if (media?.getUserMedia) {
    const original = media.getUserMedia;
    globalThis.capturesAsked = 0;
    globalThis.keptTracks = [];
    media.getUserMedia = async function (constraints) {
      globalThis.capturesAsked += 1;
      const stream = await original.call(this, constraints);
      globalThis.keptTracks.push(...stream.getTracks());
      return stream;
    };
  }
}

// What one page receives: decoded frames, audio energy, the addresses it knows, and over which protocols media come:
// udp or tcp, or turn over what it is. Runs in the page.
export async function received() {
  const sum = { frames: 0, audioEnergy: 0, audioPackets: 0, packets: 0, remotes: [], ways: [], states: [], connected: false, open: 0 };
  for (const pc of globalThis.keptConnections ?? []) {
    if (pc.connectionState === 'closed') continue;
    sum.open += 1;
    sum.states.push(`${pc.signalingState} ${pc.iceConnectionState} ${pc.connectionState}`);
    if (pc.connectionState === 'connected') sum.connected = true;
    const stats = await pc.getStats();
    const pairs = [...stats.values()].filter((s) => s.type === 'candidate-pair' && s.bytesReceived > 0);
    const [used] = pairs.sort((a, b) => b.bytesReceived - a.bytesReceived);
    const own = used && stats.get(used.localCandidateId);
    // Behind TURN a browser's own address is the one that the relay tells it, and no more of type relay.
    if (used) sum.ways.push(own?.relayProtocol ? `turn ${own.relayProtocol}` : stats.get(used.remoteCandidateId).protocol);
    for (const s of stats.values()) {
      if (s.type === 'inbound-rtp' && s.kind === 'video') sum.frames += s.framesDecoded ?? 0;
      if (s.type === 'inbound-rtp' && s.kind === 'audio') {
        sum.audioEnergy += s.totalAudioEnergy ?? 0;
        sum.audioPackets += s.packetsReceived ?? 0;
      }
      if (s.type === 'inbound-rtp') sum.packets += s.packetsReceived ?? 0;
      if (s.type === 'remote-candidate') sum.remotes.push(`${s.address ?? s.ip}:${s.port}/${s.protocol}`);
    }
  }
  return sum;
}

export async function until(what, check, { deadline = DEADLINE, every = 50 } = {}) {
  const end = Date.now() + deadline;
  let last;
  for (;;) {
    try {
      last = await check();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`waited ${deadline} ms for: ${what} (last: ${last instanceof Error ? last.message : JSON.stringify(last)})`);
    await new Promise((resolve) => setTimeout(resolve, every));
  }
}

export function shotPath(path) {
  mkdirSync(dirname(path), { recursive: true });
  return path;
}
