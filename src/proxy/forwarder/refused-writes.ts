import type { Socket } from 'node:net';
import { takeWriteErrors, type WriteDone } from '../../platform/write-errors.js';

/**
 * Milliseconds for which a connection is still read when a write to it has failed. As a rule its end comes at once: the other side has reset
 * it, behind what it had to say.
 */
const readFor = 1_000;

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
  takeWriteErrors(socket, (error, done) => readOn(socket, error, done));
}

function readOn(socket: Socket, error: Error, done: WriteDone): void {
  refusing.add(socket);
  if (socket.destroyed || socket.readableEnded) {
    done(error);
    return;
  }
  const cut = setTimeout(() => socket.destroy(error), readFor).unref();
  socket
    // The other listeners hear of the end first.
    .once('end', () => setImmediate(() => socket.destroy(error)))
    .once('close', () => clearTimeout(cut));
}
