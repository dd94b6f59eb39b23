import type { Socket } from 'node:net';

/**
 * Looks once whether the other side of a new connection speaks before it was asked: what it says would be taken for the answer to the
 * first request. `done` is called when the event loop has looked at the connection once; true: bytes have come. Later ones cannot be told from
 * an answer.
 */
export function afterQuietStart(socket: Socket, done: (hasSpoken: boolean) => void): void {
  setImmediate(() => setImmediate(() => done(hasSpoken(socket))));
}

function hasSpoken(socket: Socket): boolean {
  // Over TLS, bytes come that are the protocol's own.
  return socket.readableLength > 0 || (!('encrypted' in socket) && socket.bytesRead > 0);
}

/** What such a connection is refused with. */
export const spokeFirst = (): Error => new Error('the backend spoke before it was asked');
