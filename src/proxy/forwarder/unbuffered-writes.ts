import type { Socket } from 'node:net';

/** Part of a stream, but not of its types; Node has no option for the write side alone of a TLS socket. */
interface Writes {
  readonly _writableState: { highWaterMark: number };
}

/**
 * Has a connection ask for the next piece of a request's body only when the system has taken the one before. What waits meanwhile is joined
 * in the client's body; the connection itself would keep an object for each piece, by the ten thousand where a client sends single bytes.
 */
export function stopWriteBuffering(socket: Socket): void {
  (socket as Socket & Writes)._writableState.highWaterMark = 1;
}
