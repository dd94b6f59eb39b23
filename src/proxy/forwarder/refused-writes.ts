import type { Socket } from 'node:net';

/**
 * Milliseconds for which a connection is still read when a write to it has failed. As a rule its end comes at once: the other side has reset
 * it, behind what it had to say.
 */
const readFor = 1_000;

/** What a `Writable` is written by. */
type Written = (error?: Error | null) => void;

/** The connections to which a write has failed. */
const refusing = new WeakSet<object>();

/** True once a write to the connection has failed: the other side takes no more, or has gone. */
export function refusesWrites(socket: object): boolean {
  return refusing.has(socket);
}

/**
 * Has a connection read to its end when the other side takes no more. A backend that answers an upload from its head alone, and closes,
 * resets the connection behind the answer; Node would close a socket at the write that fails and lose what is there to be read. Here such a
 * write stays open, so that nothing more is written, and the connection ends with what is read from it: its end, or the reset.
 */
export function readBehindRefusedWrites(socket: Socket): void {
  const { _write, _writev } = socket;
  let callback: Written | undefined;
  let guarded: Written = () => {};
  // A stream gives the same callback with each write: there is nothing to be made for one.
  const guard = (written: Written): Written => {
    if (written !== callback) {
      callback = written;
      guarded = error => (error === null || error === undefined ? written() : readOn(socket, error, written));
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

function readOn(socket: Socket, error: Error, written: Written): void {
  refusing.add(socket);
  if (socket.destroyed || socket.readableEnded) {
    written(error);
    return;
  }
  const cut = setTimeout(() => socket.destroy(error), readFor).unref();
  socket
    // The other listeners hear of the end first.
    .once('end', () => setImmediate(() => socket.destroy(error)))
    .once('close', () => clearTimeout(cut));
}
