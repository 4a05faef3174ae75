// Stands in front of several servers as a balancer does: takes each request to the one that `choose` prefers, or to
// another when that one is not there. Knows nothing of sessions.

import { createServer, request } from 'node:http';

// choose(path) answers the ports to try, best first. `streams` are the event streams under way: {path, port}.
export async function balancer(port, choose) {
  const streams = new Set();
  const pass = (incoming, outgoing, body, [target, ...others]) => {
    const stream = { path: incoming.url, port: target };
    const onward = request({ host: '127.0.0.1', port: target, method: incoming.method, path: incoming.url, headers: incoming.headers }, (answer) => {
      if (incoming.url.includes('/stream')) streams.add(stream);
      outgoing.writeHead(answer.statusCode, answer.rawHeaders);
      answer.pipe(outgoing);
      answer.on('close', () => streams.delete(stream) && outgoing.destroy());
    });
    onward.on('error', (error) => {
      if (error.code === 'ECONNREFUSED' && others.length > 0) pass(incoming, outgoing, body, others);
      else outgoing.destroy();
    });
    outgoing.on('close', () => onward.destroy());
    onward.end(body);
  };
  const server = createServer(async (incoming, outgoing) => {
    const parts = [];
    for await (const part of incoming) parts.push(part);
    pass(incoming, outgoing, Buffer.concat(parts), choose(incoming.url));
  });
  server.keepAliveTimeout = 1000;
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://localhost:${port}`,
    // The ports of the servers that serve streams of this kind at present.
    serving: (part) => [...streams].filter((s) => s.path.includes(part)).map((s) => s.port),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
