import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/**
 * Ends a connection so that its client cannot take it for the end of a message, and the kernel keeps nothing that is not
 * read yet: with a reset. On unix sockets and TLS, where Node has none (and throws), it is destroyed: the former have no
 * other end, and the latter's client misses the closing alert.
 */
export function resetConnection(socket: Socket): void {
  if (socket.destroyed) return;
  if (socket.remoteFamily === undefined || socket instanceof TLSSocket) socket.destroy();
  else socket.resetAndDestroy();
}
