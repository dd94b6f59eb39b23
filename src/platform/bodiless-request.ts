import type { ClientRequest } from 'node:http';

/**
 * Makes a request of a library one without framing. It must have no body, and its head must not be written yet. `node:http` chunks the nothing that
 * follows on methods other than GET, HEAD, DELETE, OPTIONS and TRACE, and servers tell an empty body from none (Apache's WebDAV answers such a
 * MKCOL with 415).
 *
 * Reaches into Node 26: `useChunkedEncodingByDefault` of a request, which has a type and no documentation. The public way is `Content-Length: 0`, and
 * that is another message.
 */
export function leaveUnframed(request: ClientRequest): void {
  request.useChunkedEncodingByDefault = false;
}
