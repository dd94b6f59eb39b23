import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** Milliseconds for which a client may go on sending after its answer before the connection is cut. */
const lingerFor = 5_000;

/**
 * Makes the end of the response close the connection in two steps: first the sending side, then, when the client has sent the rest or after
 * {@link lingerFor}, all of it. Closing at once would make the kernel answer the rest of the body with a reset, and the client would lose the
 * response (RFC 9112 §9.6; nginx calls it `lingering_close`).
 * Must be called before the response ends.
 */
export function lingerThenClose(request: IncomingMessage, socket: Socket): void {
  socket.destroySoon = () => {
    if (socket.destroyed) return;
    const cut = setTimeout(() => socket.destroy(), lingerFor).unref();
    socket.once('close', () => clearTimeout(cut));
    request.once('end', () => socket.destroy());
    socket.end();
    request.resume();
  };
}
