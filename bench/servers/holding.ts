import { createHash } from 'node:crypto';
import { createServer } from 'node:http';

const body = 'x'.repeat(1024);

/**
 * A backend on each of the addresses (`host:port`) whose answers can be held: `/events` is an event stream without events, `/wait` is never answered, an
 * upgrade is accepted and says nothing. All else gets 1 KB.
 */
for (const address of process.argv.slice(2)) {
  const { hostname, port } = new URL(`http://${address}`);
  createServer({ keepAliveTimeout: 300_000, requestTimeout: 0 }, (request, response) => {
    request.resume();
    if (request.url === '/wait') return;
    if (request.url === '/events')
      return response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    response.writeHead(200, { 'content-type': 'text/plain', 'content-length': body.length }).end(body);
  })
    .on('upgrade', (request, socket) => {
      const key = `${String(request.headers['sec-websocket-key'])}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
      const accept = createHash('sha1').update(key).digest('base64');
      socket
        .on('error', () => socket.destroy())
        .on('end', () => socket.end())
        .resume();
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
    })
    .listen({ port: Number(port), host: hostname, backlog: 4096 });
}
