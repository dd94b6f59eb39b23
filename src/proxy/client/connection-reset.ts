import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/**
 * Ends a connection with a reset, so that its client cannot take the end for that of a message, and the kernel drops what the client has not
 * read. Node cannot reset unix sockets and TLS connections (it throws): they are destroyed. A unix socket has no other way to end, and a TLS
 * client notices that the closing alert is missing.
 */
export function resetConnection(socket: Socket): void {
  if (socket.destroyed) return;
  if (socket.remoteFamily === undefined || socket instanceof TLSSocket) socket.destroy();
  else socket.resetAndDestroy();
}
