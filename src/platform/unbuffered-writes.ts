import type { Socket } from 'node:net';

interface Writes {
  readonly _writableState: { highWaterMark: number };
}

/**
 * Has a connection ask for the next piece of a request's body only when the system has taken the one before. What waits meanwhile is joined
 * in the client's body; the connection itself would keep an object for each piece, by the ten thousand where a client sends single bytes.
 *
 * Reaches into Node 26: `_writableState` of a stream. A socket takes the mark as an option for both its sides only, over TLS not even that,
 * and not once it is made.
 */
export function stopWriteBuffering(socket: Socket): void {
  (socket as Socket & Writes)._writableState.highWaterMark = 1;
}
