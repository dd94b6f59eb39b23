import type { Socket } from 'node:net';

const ending = new WeakSet<Socket>();

/**
 * Notes that the answer under way on a connection says `Connection: close`. Requests that follow on the connection, pipelined or while it
 * lingers, must not be processed: they are never answered, so their client could not learn what became of them (RFC 9112 §9.6).
 */
export function endWithAnswer(socket: Socket): void {
  ending.add(socket);
}

/** True: the last answer of the connection has begun. */
export function endsWithAnswer(socket: Socket): boolean {
  return ending.has(socket);
}
