import { ClientRequest } from 'node:http';

/**
 * A request without a body, and so without framing. `node:http` chunks the nothing that follows on methods other than GET, HEAD, DELETE,
 * OPTIONS and TRACE, and servers tell an empty body from none (Apache's WebDAV answers such a MKCOL with 415).
 */
export class BodilessRequest extends ClientRequest {}

// Its constructor sets it and, where fields come as a list, writes the head by it before anybody else could.
Object.defineProperty(BodilessRequest.prototype, 'useChunkedEncodingByDefault', { get: () => false, set: () => {} });
