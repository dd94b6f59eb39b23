/**
 * A small backend, to be run as a process of its own: `node backend-program.ts <name> <port> <backlog>`. It prints its port when it
 * listens, and answers every request with `<name> <method> <path>`.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const [name = '', port = '0', backlog = '511'] = process.argv.slice(2);
const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
  request.resume();
  response.end(`${name} ${request.method} ${request.url}`);
});
server.listen({ host: '127.0.0.1', port: Number(port), backlog: Number(backlog) }, () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
