import type { ServerHttp2Stream } from 'node:http2';
import { GatewayError } from '../../http/gateway-error.js';
import { denial } from '../../security/denial.js';

/** The answer where no route fits. */
export const noRoute = new GatewayError('NO_ROUTE', 'No route matches the request.', 'no route matches');

/** The answer to CONNECT. */
export const noMethod = new GatewayError(
  'DENIED',
  'CONNECT is not served: this is a gateway, not a forward proxy.',
  'CONNECT',
  405,
  ['Allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE'],
);

/** The answer to an extended CONNECT for a protocol that is not spoken on the route (RFC 8441 §4, RFC 9220). */
export const noProtocol = new GatewayError(
  'DENIED',
  'The protocol is not spoken here.',
  'upgrade to a protocol that is not allowed',
  501,
);

/** The answer to expectations other than `100-continue`. */
export const noExpectation = new GatewayError(
  'DENIED',
  'The only expectation that can be met is 100-continue.',
  'Expect other than 100-continue',
  417,
);

/** Why a request is sent back to HTTP/1.1: its credentials need several requests on one connection, where streams share theirs. */
export const noConnectionAuth = new GatewayError(
  'DENIED',
  'NTLM needs HTTP/1.1.',
  'Authorization asks to let in the connection, which is one of many streams',
  421,
);

/** The answer to a request that has been here before. Its connection may carry others. */
export const loop = new GatewayError('LOOP', undefined, 'Via names this gateway');

/** The answer to a request that comes while the event loop is delayed for too long. Its connection may carry others. */
export const overloaded = new GatewayError(
  'OVERLOADED',
  'The gateway is overloaded; try again later.',
  'overload.eventLoopDelay',
  503,
  ['Retry-After', '1'],
  undefined,
  { limit: 'overload.eventLoopDelay' },
);

/** A refusal of a message that cannot be read as a request. `reason`: for the log. */
const denied = (status: number, reason: string, detail: string): GatewayError =>
  new GatewayError('DENIED', detail, reason, status);

/** A refusal by the rules for paths. `about`: the rule, for the log. */
export const pathDenied = (about: string, detail: string): GatewayError =>
  denial('path', about, { status: 400, detail });

/** The request target, or all of the head, is larger than `limit`, which the log names. */
export const tooLong = (limit: string): GatewayError => overLimit(414, limit, 'The request target is too long.');
export const tooManyFields = (limit: string): GatewayError =>
  overLimit(431, limit, 'The request has too many header fields, or too large ones.');
const overLimit = (status: number, limit: string, detail: string): GatewayError =>
  denied(status, limit, detail).because(limit, { limit: `security.${limit}` });

/** Why a head is refused before anything is known of its route. */
export const refusals = {
  version: denied(505, 'HTTP version', 'Only HTTP/1.0 and HTTP/1.1 are spoken here.'),
  host: denied(400, 'Host missing, repeated or not valid', 'The request must have exactly one valid Host.'),
  target: denied(400, 'request target not valid', 'The request target is not valid.'),
  encoding: denied(501, 'Transfer-Encoding other than chunked', 'Only the chunked transfer coding is understood.'),
  scheme: denied(400, ':scheme', 'The scheme must be that of the connection.'),
  fields: denied(400, 'fields of HTTP/1.1 on HTTP/2', 'The request has fields that only HTTP/1.1 knows.'),
  framing: denied(400, 'chunked HTTP/1.0', 'An HTTP/1.0 request must not be chunked.'),
  readings: pathDenied('too many readings', 'The path can be read in too many ways.'),
  stray: pathDenied(
    'a reading that is not served',
    'Some servers would read the path as another one, which is not served here.',
  ),
  left: pathDenied(
    'a reading outside of the rewrite',
    'Some servers would read the path as one outside of where it leads.',
  ),
  length: denied(413, 'Content-Length beyond 2^53', 'The request body is larger than anything.'),
};

/** The client has gone; or it has broken the rules of HTTP/2, and Node has reset its stream. */
export function aborted({ rstCode = 0 }: ServerHttp2Stream): GatewayError {
  return new GatewayError('CLIENT_ABORTED', undefined, rstCode === 0 ? undefined : `stream reset, code ${rstCode}`);
}

/** No place has come free before a backend. `timeout`: the limit that was over while it waited. */
export const queueFull = (reason: string, timeout?: string): GatewayError =>
  new GatewayError(
    'QUEUE_FULL',
    'The backend is busy; try again later.',
    reason,
    503,
    ['Retry-After', '1'],
    undefined,
    { timeout, limit: timeout ?? 'connections.queue' },
  );

/** `sse.maxConnections` is reached. */
export const tooManyStreams = new GatewayError(
  'QUEUE_FULL',
  'Too many event streams are open; try again later.',
  'sse.maxConnections',
  503,
  ['Retry-After', '1'],
  undefined,
  { limit: 'sse.maxConnections' },
);
