import type { Server, Socket } from 'node:net';

/**
 * Puts a gate before those who listen to an event that hands them a socket: they get it when the gate calls `proceed`, once at most.
 * Node offers no other place between a server's socket and its HTTP. Must be called before others add listeners of their own.
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
