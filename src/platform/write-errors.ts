import type { Socket } from 'node:net';

/** What a write to a stream ends by; with an error it destroys the stream. */
export type WriteDone = (error?: Error | null) => void;

interface Writes {
  readonly _writableState: { onwrite: WriteDone };
}

/**
 * Has `failed` decide what becomes of the writes to a connection that fail, in place of the stream, which would be destroyed at once. A write of
 * which `done` is never called stays open, and nothing more is written behind it.
 *
 * Reaches into Node 26: `_writableState.onwrite` of a socket, which each write ends by. A socket has no option that keeps it readable when a write has
 * failed (`autoDestroy: false` would leave its handle open).
 */
export function takeWriteErrors(socket: Socket, failed: (error: Error, done: WriteDone) => void): void {
  const state = (socket as Socket & Writes)._writableState;
  const done = state.onwrite;
  state.onwrite = error => {
    if (error === null || error === undefined) done();
    else failed(error, done);
  };
}
