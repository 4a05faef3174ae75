// A server that lies to the guest: it passes everything on to the honest one, but puts the descriptions of a third
// browser, and what fits them, in place of those of guest and advisor. That browser stands in the middle, decrypts and encrypts again.

import { createHash, randomBytes } from 'node:crypto';
import { createServer, request } from 'node:http';

// docs/protocol.md §4, written down once more: two bytes of length, then the text.
const prefixed = (text) => Buffer.concat([Buffer.of(text.length >> 8, text.length & 255), Buffer.from(text)]);
const fingerprintIn = (sdp) => Buffer.from(/a=fingerprint:sha-256 (\S+)/i.exec(sdp)[1].replaceAll(':', ''), 'hex');
const commitment = (agency, seat, sdp, nonce) => createHash('sha256')
  .update(Buffer.concat([Buffer.from('visavis commit 1\0'), prefixed(agency), prefixed(seat), fingerprintIn(sdp), nonce])).digest('base64url');

// middle is a page; what it did is told in `seen`.
export async function evilServer({ port, honest, middle }) {
  await middle.eval(takePlace);
  const nonce = randomBytes(16); // in place of the guest's, which it learns too late; the advisor's it can pass on as it is
  const seen = { offers: 0, answers: 0, reveals: 0 };
  let guest; // the guest's own offer
  let ours; // what the advisor gets in its place
  let answered; // what the guest gets in place of the advisor's answer

  async function fromGuest(path, text) {
    const [, agency, seat, action] = /\/api\/guest\/([^/]+)\/seats\/([^/]+)\/(arrive|signal)$/.exec(path) ?? [];
    if (!action) return text;
    const body = JSON.parse(text);
    if (action === 'arrive') {
      guest = body.offer;
      ours ??= await middle.eval(() => globalThis.middle.offer());
      seen.offers += 1;
      return JSON.stringify({ ...body, offer: ours, commit: commitment(agency, seat, ours, nonce) });
    }
    if (body.kind !== 'reveal') return text;
    seen.reveals += 1;
    return JSON.stringify({ ...body, nonce: nonce.toString('base64url') });
  }

  async function signalToGuest(signal) {
    if (signal.kind !== 'answer') return signal;
    seen.answers += 1;
    answered ??= middle.eval((...descriptions) => globalThis.middle.answer(...descriptions), guest, signal.sdp);
    return { ...signal, sdp: await answered };
  }

  async function eventToGuest(block) {
    const [, name] = /^event: ?(.*)$/m.exec(block) ?? [];
    if (name !== 'signal' && name !== 'snapshot') return block;
    const [line, text] = /^data: ?(.*)$/m.exec(block);
    const data = JSON.parse(text);
    const changed = name === 'signal' ? await signalToGuest(data) : { ...data, signals: await Promise.all(data.signals.map(signalToGuest)) };
    return block.replace(line, () => `data: ${JSON.stringify(changed)}`);
  }

  const server = createServer(async (incoming, outgoing) => {
    const parts = [];
    for await (const part of incoming) parts.push(part);
    const body = await fromGuest(incoming.url, Buffer.concat(parts).toString());
    const headers = { ...incoming.headers, 'accept-encoding': 'identity' };
    if (body) headers['content-length'] = Buffer.byteLength(body);
    const onward = request(honest + incoming.url, { method: incoming.method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.rawHeaders);
      if (!/event-stream/.test(answer.headers['content-type'])) answer.pipe(outgoing);
      else void lie(answer, outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    onward.end(body);
  });

  async function lie(stream, outgoing) {
    let rest = '';
    stream.setEncoding('utf8');
    outgoing.flushHeaders();
    try {
      for await (const part of stream) {
        const blocks = (rest + part).split('\n\n');
        rest = blocks.pop();
        for (const block of blocks) outgoing.write(`${await eventToGuest(block)}\n\n`);
      }
    } catch {
      // the stream is over
    }
    outgoing.end();
  }

  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://localhost:${port}`,
    seen,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

// Runs in the page in the middle.
function takePlace() {
  const connection = () => {
    const pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    return { pc, channel: pc.createDataChannel('visavis', { negotiated: true, id: 0 }) };
  };
  const north = connection(); // towards the advisor, by way of the relay
  const south = connection(); // towards the guest, directly
  const heard = [];
  const passOn = (from, to) => {
    const waiting = [];
    from.channel.addEventListener('message', ({ data }) => {
      heard.push(data);
      if (to.channel.readyState === 'open') to.channel.send(data);
      else waiting.push(data);
    });
    to.channel.addEventListener('open', () => waiting.forEach((data) => to.channel.send(data)));
    // Chromium decodes the sound of others only where it is played.
    from.pc.addEventListener('track', ({ track }) => {
      const player = Object.assign(document.createElement('audio'), { muted: true, srcObject: new MediaStream([track]) });
      void player.play().catch(() => {});
    });
  };
  passOn(north, south);
  passOn(south, north);
  globalThis.middle = {
    heard,
    async offer() {
      await navigator.mediaDevices.getUserMedia({ audio: true }); // else its own address stays hidden
      for (const kind of ['audio', 'video', 'video']) north.pc.addTransceiver(kind);
      const offer = await north.pc.createOffer();
      await north.pc.setLocalDescription(offer);
      return offer.sdp;
    },
    async answer(fromGuest, fromAdvisor) {
      await south.pc.setRemoteDescription({ type: 'offer', sdp: fromGuest });
      south.pc.getTransceivers().forEach((transceiver, i) => {
        const other = north.pc.getTransceivers()[i];
        transceiver.direction = 'sendrecv';
        void transceiver.sender.replaceTrack(other.receiver.track);
        void other.sender.replaceTrack(transceiver.receiver.track);
      });
      const gathered = new Promise((resolve) => {
        south.pc.addEventListener('icegatheringstatechange', () => south.pc.iceGatheringState === 'complete' && resolve());
      });
      await south.pc.setLocalDescription(await south.pc.createAnswer());
      await north.pc.setRemoteDescription({ type: 'answer', sdp: fromAdvisor });
      await gathered;
      return south.pc.localDescription.sdp;
    },
  };
}
