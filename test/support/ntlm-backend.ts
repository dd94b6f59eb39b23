import http from 'node:http';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { closeLater } from './cleanup.js';

/**
 * A server that authenticates connections instead of requests, as with NTLM and Negotiate, and answers each request with the
 * user of its connection.
 */
export interface NtlmBackend {
  readonly url: string;
  /** Connections that were made to it. */
  readonly connections: number;
  /** Open connections that have been authenticated. */
  readonly letIn: number;
}

/**
 * Starts one. `Authorization: NTLM 1`, then `NTLM name` on the same connection, lets it in as `name`; `Negotiate name` does so
 * at once. The answer is the name, or 401 with a challenge. `/open` needs no authentication, and then answers `nobody`.
 */
export async function startNtlmBackend(): Promise<NtlmBackend> {
  const names = new WeakMap<Socket, string>();
  const challenged = new WeakSet<Socket>();
  const open = new Set<Socket>();
  const server = http.createServer((request, response) => {
    const { socket } = request;
    const [scheme = '', token = ''] = (request.headers.authorization ?? '').split(' ');
    if (scheme === 'Negotiate') names.set(socket, token);
    if (scheme === 'NTLM' && token === '1') {
      challenged.add(socket);
      response.writeHead(401, { 'WWW-Authenticate': 'NTLM 2' }).end('challenge');
      return;
    }
    if (scheme === 'NTLM' && challenged.has(socket)) names.set(socket, token);
    request.resume();
    const name = names.get(socket);
    if (name === undefined && request.url !== '/open')
      response.writeHead(401, { 'WWW-Authenticate': ['Negotiate', 'NTLM'] }).end('who are you');
    else response.writeHead(200, { 'Content-Type': request.headers.accept ?? 'text/plain' }).end(name ?? 'nobody');
  });
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    connections++;
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closeLater(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get letIn() {
      return [...open].filter(socket => names.has(socket)).length;
    },
    get connections() {
      return connections;
    },
  };
}
