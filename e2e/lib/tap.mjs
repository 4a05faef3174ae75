// Stands where the relay stands: takes every datagram that browsers send to the advertised address, notes it, and hands
// it on to the relay behind. What it notes is all that a relay, or whoever runs it, can ever see. It can also lose a share
// of what passes, and be a bad way in each direction (line.mjs), for all browsers or for those of some addresses.

import { createSocket } from 'node:dgram';
import { Line } from './line.mjs';

const MOST = 40_000;

export async function tap({ listen, relay }) {
  const packets = [];
  const legs = new Map(); // a browser's address and port → our socket towards the relay
  const front = createSocket('udp4');
  const note = (data) => packets.length < MOST && packets.push(Buffer.from(data));
  let share = 0;
  let passed = 0;
  const lost = () => Math.floor((passed += 1) * share) !== Math.floor((passed - 1) * share); // every nth: no luck in it
  let far = () => true;
  let [up, down] = [new Line(), new Line()];
  const over = (line, address, data, deliver) => (far(address) ? line.carry(data.length, deliver) : deliver());
  front.on('message', (data, from) => {
    note(data);
    if (lost()) return;
    const key = `${from.address} ${from.port}`;
    let leg = legs.get(key);
    if (!leg) {
      leg = createSocket('udp4');
      leg.on('message', (answer) => {
        note(answer);
        if (!lost()) over(down, from.address, answer, () => front.send(answer, from.port, from.address));
      });
      leg.bind(0, '127.0.0.1');
      legs.set(key, leg);
    }
    over(up, from.address, data, () => leg.send(data, relay.port, relay.address));
  });
  await new Promise((resolve) => front.bind(listen.port, listen.address, resolve));
  return {
    packets,
    lose: (wanted) => (share = wanted),
    // From now on, in each direction; `who` are the addresses that it is for.
    shape({ seed = 1, ...way } = {}, who = () => true) {
      for (const line of [up, down]) line.close();
      far = who;
      [up, down] = [new Line({ ...way, seed }), new Line({ ...way, seed: seed + 1 })];
      return { up, down };
    },
    close() {
      for (const line of [up, down]) line.close();
      front.close();
      for (const leg of legs.values()) leg.close();
    },
  };
}

// RFC 7983: the first byte tells what a datagram is. RTCP has packet types 192 to 223 (RFC 5761).
export function kindOf(packet) {
  const [first, second] = packet;
  if (first <= 3) return 'stun';
  if (first >= 20 && first <= 63) return 'dtls';
  if (first >= 128 && first <= 191) return second >= 192 && second <= 223 ? 'rtcp' : 'rtp';
  return 'other';
}

// The fields that SRTP leaves readable, and the payload (RFC 3550 §5.1, RFC 8285).
export function readRTP(packet) {
  let offset = 12 + (packet[0] & 15) * 4;
  if (packet[0] & 16) offset += 4 + packet.readUInt16BE(offset + 2) * 4;
  return {
    type: packet[1] & 127,
    marker: (packet[1] & 128) !== 0,
    sequence: packet.readUInt16BE(2),
    timestamp: packet.readUInt32BE(4),
    source: packet.readUInt32BE(8),
    payload: packet.subarray(offset),
  };
}

// RFC 7741 §4.2: without the descriptor what remains of the packets of one timestamp is a VP8 frame.
export function framesOfVP8(packets) {
  const frames = new Map();
  const seen = new Set();
  for (const p of [...packets].sort((a, b) => ((a.sequence - b.sequence + 0x18000) % 0x10000) - 0x8000)) {
    if (seen.has(p.sequence)) continue;
    seen.add(p.sequence);
    let at = 1;
    const [first, extension] = p.payload;
    if (first & 0x80) {
      at = 2;
      if (extension & 0x80) at += p.payload[at] & 0x80 ? 2 : 1;
      if (extension & 0x40) at += 1;
      if (extension & 0x30) at += 1;
    }
    frames.set(p.timestamp, [...(frames.get(p.timestamp) ?? []), p.payload.subarray(at)]);
  }
  return [...frames.values()].map((parts) => Buffer.concat(parts)).filter((frame) => frame.length > 3);
}

// Runs in a page: how many frames this browser's own decoder makes of them. Each frame that says of itself that it is a
// whole picture gets a decoder of its own, so that one that breaks takes no other with it.
export async function decoded(frames) {
  let count = 0;
  for (const frame of frames) {
    const data = Uint8Array.from(atob(frame), (c) => c.charCodeAt(0));
    if (data[0] & 1) continue; // RFC 6386 §9.1: not a key frame
    const decoder = new VideoDecoder({ output: (picture) => { count += 1; picture.close(); }, error: () => {} });
    decoder.configure({ codec: 'vp8' });
    try {
      decoder.decode(new EncodedVideoChunk({ type: 'key', timestamp: 0, data }));
      await decoder.flush();
    } catch {
      // not a picture
    }
    if (decoder.state !== 'closed') decoder.close();
  }
  return count;
}

// Runs in a page: VP8 frames as they would travel in clear text, as RTP payloads with a descriptor.
export async function encoded(count) {
  const canvas = new OffscreenCanvas(320, 240);
  const context = canvas.getContext('2d');
  const out = [];
  const encoder = new VideoEncoder({
    output: (chunk) => {
      const data = new Uint8Array(chunk.byteLength);
      chunk.copyTo(data);
      out.push(btoa(String.fromCharCode(...data)));
    },
    error: () => {},
  });
  encoder.configure({ codec: 'vp8', width: 320, height: 240, bitrate: 200_000, framerate: 30 });
  for (let i = 0; i < count; i += 1) {
    context.fillStyle = `hsl(${i * 40} 80% 50%)`;
    context.fillRect(0, 0, 320, 240);
    context.fillStyle = '#fff';
    context.fillRect(i * 10, 60, 80, 80);
    const frame = new VideoFrame(canvas, { timestamp: i * 33_000 });
    encoder.encode(frame, { keyFrame: true });
    frame.close();
  }
  await encoder.flush();
  encoder.close();
  return out;
}
