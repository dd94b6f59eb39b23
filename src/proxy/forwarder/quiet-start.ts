import type { Socket } from 'node:net';

/**
 * Looks once whether the other side of a new connection speaks before it was asked: what it says would be taken for the answer to the
 * first request. `done` is called when the event loop has looked at the connection once; true: bytes have come. Later ones cannot be told from
 * an answer, so nothing may be written before.
 */
export function afterQuietStart(socket: Socket, done: (hasSpoken: boolean) => void): void {
  setImmediate(() => setImmediate(() => done(hasSpoken(socket))));
}

/**
 * Waits until a connection that is being made stands, its TLS handshake included, and looks whether the other side speaks first. `done` is called
 * once, with what it has failed of, if it has. After `timeout` milliseconds it is given up.
 */
export function whenQuietlyConnected(socket: Socket, timeout: number, done: (error: Error | null) => void): void {
  const late = (): void =>
    settle(Object.assign(new Error(`none in ${timeout} ms`), { code: 'UND_ERR_CONNECT_TIMEOUT' }));
  const timer = setTimeout(late, timeout);
  const settle = (error: Error | null): void => {
    clearTimeout(timer);
    socket.off('error', settle).off('close', closed);
    // It may go on to complain.
    if (error !== null) socket.on('error', () => {}).destroy();
    done(error);
  };
  const closed = (): void => settle(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }));
  socket
    .once('error', settle)
    .once('close', closed)
    .once('encrypted' in socket ? 'secureConnect' : 'connect', () =>
      afterQuietStart(socket, hasSpoken => {
        if (!socket.destroyed) settle(hasSpoken ? spokeFirst() : null);
      }),
    );
}

function hasSpoken(socket: Socket): boolean {
  // Over TLS, bytes come that are the protocol's own.
  return socket.readableLength > 0 || (!('encrypted' in socket) && socket.bytesRead > 0);
}

/** What such a connection is refused with. */
export const spokeFirst = (): Error => new Error('the backend spoke before it was asked');
