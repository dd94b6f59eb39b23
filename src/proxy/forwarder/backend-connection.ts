import type { Socket } from 'node:net';
import { joinPieces } from '../../http/joined-readable.js';
import { openFiles } from '../../platform/open-files.js';
import { ConnectFailure, exhausted, tooLate, unreachable } from './attempt-failure.js';
import { readBehindRefusedWrites } from './refused-writes.js';

/** Told once of a connection that was to be made: that it is ready for its first request, or why there is none. */
export type Opened = (error: Error | null, socket: Socket | null) => void;

/**
 * Makes a connection to a backend. It is ready when it stands, its TLS handshake included, and the backend has not spoken first: what it said
 * would be taken for the answer to the first request. After `timeout` milliseconds it is given up. Undefined: the process has no descriptor
 * for it, which `opened` is told as well.
 */
export function openConnection(connect: () => Socket, timeout: number, opened: Opened): Socket | undefined {
  if (!openFiles.take('backends')) {
    process.nextTick(opened, new ConnectFailure(exhausted('no descriptor is left for connections to backends')), null);
    return undefined;
  }
  const socket = connect();
  openFiles.giveWhenClosed('backends', socket);
  joinPieces(socket);
  readBehindRefusedWrites(socket);
  whenReady(socket, timeout, error => (error === null ? opened(null, socket) : opened(error, null)));
  return socket;
}

function whenReady(socket: Socket, timeout: number, done: (error: Error | null) => void): void {
  const settle = (error: Error | null): void => {
    clearTimeout(timer);
    socket.off('error', settle).off('close', closed);
    // It may emit errors after this one.
    if (error !== null) socket.on('error', () => {}).destroy();
    done(error);
  };
  const timer = setTimeout(() => settle(new ConnectFailure(tooLate('connecting', timeout))), timeout);
  const closed = (): void =>
    settle(new ConnectFailure(unreachable('the connection was closed as soon as it was made')));
  socket
    .once('error', settle)
    .once('close', closed)
    .once('encrypted' in socket ? 'secureConnect' : 'connect', () =>
      afterOneLook(() => {
        if (socket.destroyed) return;
        settle(hasSpoken(socket) ? new ConnectFailure(unreachable('the backend spoke before it was asked')) : null);
      }),
    );
}

/** Calls `done` when the event loop has looked at all connections once. Bytes that come later cannot be told from an answer. */
function afterOneLook(done: () => void): void {
  setImmediate(() => setImmediate(done));
}

function hasSpoken(socket: Socket): boolean {
  // Over TLS, bytes come that are the protocol's own.
  return socket.readableLength > 0 || (!('encrypted' in socket) && socket.bytesRead > 0);
}
