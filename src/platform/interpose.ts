import type { Server, Socket } from 'node:net';
import type { Server as TlsServer, TLSSocket } from 'node:tls';

/**
 * Puts a gate before those who listen to an event that hands them a socket: they get it when the gate calls `proceed`, once at most.
 * Must be called before others add listeners of their own.
 *
 * Takes over the listeners that Node 26 itself has on its servers: that of `node:http` on `connection`, that of `node:tls` on the same, and that of
 * `node:https` on `secureConnection`. Node offers no other place between a server's socket and its TLS or HTTP.
 */
export function interpose<S extends Socket>(
  server: Server,
  event: 'connection' | 'secureConnection',
  gate: (socket: S, proceed: () => void) => void,
): void {
  const behind = server.listeners(event) as ((socket: S) => void)[];
  server.removeAllListeners(event);
  server.on(event, (socket: S) =>
    gate(socket, () => {
      for (const listener of behind) listener.call(server, socket);
    }),
  );
}

/** Has `failed` told of each handshake that fails, in place of Node, which takes it for a message of HTTP that cannot be read (`clientError`). */
export function takeTlsFailures(server: TlsServer, failed: (error: Error, socket: TLSSocket) => void): void {
  server.removeAllListeners('tlsClientError');
  server.on('tlsClientError', failed);
}
