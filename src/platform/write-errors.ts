import type { Socket } from 'node:net';

/** What a write to a stream ends by; with an error it destroys the stream. */
export type WriteDone = (error?: Error | null) => void;

/**
 * Has `failed` decide what becomes of the writes to a connection that fail, in place of the stream, which would be destroyed at once. A write of
 * which `done` is never called stays open, and nothing more is written behind it.
 *
 * Puts itself before `_write` and `_writev` of a socket of Node 26. They are documented for those who make streams, not for those who have one; a
 * socket has no option that keeps it readable when a write has failed (`autoDestroy: false` would leave its handle open).
 */
export function takeWriteErrors(socket: Socket, failed: (error: Error, done: WriteDone) => void): void {
  const { _write, _writev } = socket;
  let callback: WriteDone | undefined;
  let guarded: WriteDone = () => {};
  // A stream gives the same callback with each write: there is nothing to be made for one.
  const guard = (written: WriteDone): WriteDone => {
    if (written !== callback) {
      callback = written;
      guarded = error => (error === null || error === undefined ? written() : failed(error, written));
    }
    return guarded;
  };
  socket._write = function (chunk, encoding, written): void {
    _write.call(socket, chunk, encoding, guard(written));
  };
  socket._writev = function (chunks, written): void {
    _writev!.call(socket, chunks, guard(written));
  };
}
