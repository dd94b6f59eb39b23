import { GatewayError } from '../../http/gateway-error.js';
import { isExhausted } from '../../platform/exhausted.js';
import { withTlsRemedy } from '../../upstream/tls-trouble.js';
import { RequestBodyError } from '../client/request-body.js';
import {
  badResponse,
  brokenResponse,
  ConnectFailure,
  connectTimeout,
  exhausted,
  unreachable,
  type Phase,
} from './attempt-failure.js';

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/** Codes by which undici says that the request itself cannot be sent: neither side of the network is to blame. */
const unsendable = new Set([
  'UND_ERR_INVALID_ARG',
  'UND_ERR_NOT_SUPPORTED',
  'ERR_INVALID_CHAR',
  'ERR_UNESCAPED_CHARACTERS',
]);

/** undici says this of every fault that its parser finds in a head after a Content-Length, and does not keep which it was. */
const lengthMismatch = 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH';
const spoiltLength = 'bad response: Content-Length stands twice, beside Transfer-Encoding, or before a malformed field';

/** Messages with which undici closes a connection whose response is not HTTP; their code is that of any closed connection. */
const closedAsMalformed = new Set(['bad response', 'bad upgrade']);

/** undici and Node's parser call a message so that is not HTTP; undici's own parser error has no code. */
const isMalformed = (error: Error, code: string): boolean =>
  code.startsWith('HPE_') ||
  code === 'UND_ERR_HEADERS_OVERFLOW' ||
  code === lengthMismatch ||
  error.name === 'HTTPParserError' ||
  (code === 'UND_ERR_SOCKET' && closedAsMalformed.has(error.message));

/** What is known of an error; where a name has several addresses, what each of them failed with. */
function reasonOf(error: Error, code: string): string {
  const message =
    error instanceof AggregateError
      ? error.errors.map(each => (each instanceof Error ? each.message : String(each))).join('; ')
      : error.message;
  return code === '' ? message : `${code}: ${message}`;
}

/** Node gives an address of a name up after a while to try the next one, and says ETIMEDOUT of it. */
const timedOut = (error: Error): boolean =>
  error instanceof AggregateError && error.errors.some(each => codeOf(each) === 'ETIMEDOUT');

/** The row of the error table for what undici, `node:http` or the system reports of an attempt. */
export function networkError(error: Error, phase: Phase): GatewayError {
  if (error instanceof RequestBodyError || error instanceof ConnectFailure) return error.gatewayError;
  const code = codeOf(error);
  const reason = reasonOf(error, code);
  if (unsendable.has(code)) {
    return new GatewayError('DENIED', 'The request cannot be passed on as it is.', reason, 400);
  }
  if (code === 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH') {
    return new GatewayError('CLIENT_BODY', 'The request body does not have the declared length.', reason);
  }
  if (isExhausted(error)) return exhausted(reason);
  switch (phase) {
    case 'connecting':
      return timedOut(error) ? connectTimeout(reason) : unreachable(withTlsRemedy(reason, error));
    case 'sent':
      if (isMalformed(error, code)) return badResponse(code === lengthMismatch ? `${spoiltLength} (${code})` : reason);
      return new GatewayError('RESET', 'The backend closed the connection before it answered.', reason);
    case 'responding':
      return brokenResponse(reason);
  }
}

/** Milliseconds after sending within which the end of a reused connection is put down to the backend's closing of idle ones. */
const staleWithin = 1_000;

/**
 * True when an attempt met a connection that the backend was just closing: a reused one that ended soon after the head was sent and before
 * any byte of an answer (RFC 9112 §9.3.1). `sentAt`: from `performance.now()`.
 */
export function isStale(error: GatewayError, reused: boolean, sentAt: number): boolean {
  return reused && error.code === 'RESET' && performance.now() - sentAt < staleWithin;
}
