// A proxy as some companies have it: it passes everything on but holds event streams back, in the hope of more.

import { createServer, request } from 'node:http';

// What it holds is told by `held`, the paths of the streams under way; `polled` counts what was asked for instead.
export async function holdingProxy({ port, server }) {
  const held = new Set();
  const seen = { polled: 0 };
  const proxy = createServer((incoming, outgoing) => {
    const onward = request(server + incoming.url, { method: incoming.method, headers: incoming.headers }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.rawHeaders);
      if (!/event-stream/.test(answer.headers['content-type'])) {
        if (incoming.url.includes('/stream')) seen.polled += 1;
        return answer.pipe(outgoing);
      }
      held.add(incoming.url);
      outgoing.flushHeaders();
      answer.resume(); // and never a word of it
      answer.on('close', () => outgoing.destroy());
    });
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => {
      held.delete(incoming.url);
      onward.destroy();
    });
    incoming.pipe(onward);
  });
  await new Promise((resolve) => proxy.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://localhost:${port}`,
    held,
    seen,
    close() {
      proxy.closeAllConnections();
      proxy.close();
    },
  };
}
