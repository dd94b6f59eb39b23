import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Bodies up to this declared length are read to their end so that their connection can be kept, in bytes. */
const mostDiscarded = 64 * 1024;

/** How long a client may take to send the rest of a body after its answer before the connection is cut, in milliseconds. */
const discardFor = 5_000;

const discarding = new WeakSet<Socket>();

/**
 * True for a request whose body has not been read at all, will certainly come, and has an end that is known and near. A client that has sent
 * `Expect` may never send its body.
 */
export function isDiscardable({ headers, readableFlowing }: IncomingMessage): boolean {
  if (readableFlowing !== null || headers.expect !== undefined || headers['transfer-encoding'] !== undefined)
    return false;
  return Number(headers['content-length']) <= mostDiscarded;
}

/**
 * Reads the body of a request that is answered without it, and throws it away, so that the next request can follow on the connection. The
 * connection is cut when the rest has not come within {@link discardFor} after the answer. Must be called before the response ends.
 */
export function discardBody(request: IncomingMessage, response: ServerResponse): void {
  const { socket } = request;
  request.resume();
  response.once('close', () => {
    if (request.complete || socket.destroyed) return;
    discarding.add(socket);
    const cut = setTimeout(() => socket.destroy(), discardFor).unref();
    const over = (): void => {
      clearTimeout(cut);
      discarding.delete(socket);
      socket.off('close', over);
    };
    request.once('end', over);
    socket.once('close', over);
  });
}

/** True: what comes on the connection now is the rest of a request that was answered already. */
export function discardsBody(socket: Socket): boolean {
  return discarding.has(socket);
}
