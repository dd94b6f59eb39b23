/** The backends of the screenshots: each behaves as its name says. */
import { createServer } from 'node:http';
import { once } from 'node:events';
import { WebSocketServer } from 'ws';

/** Starts a backend on a port of 127.0.0.1; `times`: milliseconds from and to which an answer takes; `failing`: the share of answers that are 500. */
export async function startBackend(port, { times = [4, 25], failing = 0 } = {}) {
  const behaviour = { times, failing };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://backend');
    if (pathname === '/healthz') return response.end('ok');
    if (pathname.startsWith('/events')) return sendEvents(response);
    const [from, to] = behaviour.times;
    // Most are fast, a few are not.
    const took = from + (to - from) * Math.random() ** 3;
    return setTimeout(() => {
      const isBad = Math.random() < behaviour.failing;
      response.writeHead(isBad ? 500 : pathname.endsWith('/missing') ? 404 : pathname.endsWith('/kept') ? 304 : 200);
      response.end(isBad || request.method === 'HEAD' ? undefined : 'x'.repeat(800));
    }, took);
  });
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', socket => socket.on('message', data => socket.send(String(data))));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    behaviour,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function sendEvents(response) {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  let id = 0;
  const timer = setInterval(() => response.write(`id: ${++id}\ndata: {"price": ${100 + (id % 17)}}\n\n`), 700);
  response.on('close', () => clearInterval(timer));
}
