import type { ClientRequest } from 'node:http';
import type { RawHeaders } from '../../fields/raw-headers.js';
import type { Backend } from '../../upstream/backend.js';
import { hostOf } from '../../upstream/backend-tls.js';
import { RequestBody } from '../client/request-body.js';
import type { ForwardRequest } from './forwarder.js';

/** Where `node:http` is to connect to. */
type NodeAddress =
  | { readonly protocol: string; readonly hostname: string; readonly port: string }
  | { readonly protocol: string; readonly socketPath: string };

/** Where a backend is, as `node:http` takes it. */
export function addressOf(backend: Backend): NodeAddress {
  const { url, socketPath } = backend;
  return socketPath === undefined
    ? { protocol: url.protocol, hostname: hostOf(backend), port: url.port }
    : { protocol: url.protocol, socketPath };
}

/** All fields of a request as `node:http` is to write them: its own, and those of this hop. */
export function fieldsOf(request: ForwardRequest): RawHeaders {
  const { body } = request;
  const fields = [...request.headers];
  if (request.upgrade !== undefined) fields.push('Connection', 'Upgrade', 'Upgrade', request.upgrade);
  else if (request.acceptsTrailers === true) fields.push('Connection', 'keep-alive, TE');
  if (request.expectsContinue) fields.push('Expect', '100-continue');
  if (body instanceof RequestBody && body.length === undefined) fields.push('Transfer-Encoding', 'chunked');
  return fields;
}

/** Sends the head of a request whose body is still to come, byte for byte: `flushHeaders` writes it as UTF-8. */
export function sendHead(client: ClientRequest): void {
  client.write('', 'latin1');
}
