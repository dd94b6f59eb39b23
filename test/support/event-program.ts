/**
 * A backend of event streams, to be run as a process of its own: `node event-program.ts <name> <port> <backlog>`. It prints its port
 * when it listens. Each stream goes on behind the number in `Last-Event-ID`: an event is `id: <n>`, `data: <n> <name>` and `data: end <n>`.
 * Events come in pieces with pauses between them, so that it is almost always in the middle of one.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

const [name = '', port = '0', backlog = '511'] = process.argv.slice(2);

async function stream(response: ServerResponse, after: number): Promise<void> {
  for (let id = after + 1; !response.destroyed; id++) {
    for (let rest = `id: ${id}\ndata: ${id} ${name}\ndata: end ${id}\n\n`; rest !== '';) {
      const length = 1 + Math.floor(Math.random() * rest.length);
      response.write(rest.slice(0, length));
      rest = rest.slice(length);
      await pause(2);
    }
  }
}

const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  void stream(response, Number(request.headers['last-event-id'] ?? 0));
});
server.listen({ host: '127.0.0.1', port: Number(port), backlog: Number(backlog) }, () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
