import { ClientRequest } from 'node:http';

/**
 * A request without a body, and so without framing. `node:http` chunks the nothing that follows on methods other than GET, HEAD, DELETE,
 * OPTIONS and TRACE, and servers tell an empty body from none (Apache's WebDAV answers such a MKCOL with 415).
 *
 * Reaches into Node 26: `useChunkedEncodingByDefault` of a request, which has a type and no documentation. The public way is `Content-Length: 0`, and
 * that is another message.
 */
export class BodilessRequest extends ClientRequest {}

// The constructor sets it and, where fields come as a list, writes the head by it before any other code could change it.
Object.defineProperty(BodilessRequest.prototype, 'useChunkedEncodingByDefault', { get: () => false, set: () => {} });

/** Makes a request of a library such a one. It must have no body, and its head must not be written yet. */
export function leaveUnframed(request: ClientRequest): void {
  request.useChunkedEncodingByDefault = false;
}
