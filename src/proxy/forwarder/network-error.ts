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
  unwritable,
  type Phase,
} from './attempt-failure.js';

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/** Codes by which Node says that the request itself cannot be sent: neither side of the network is to blame. */
const unsendable = new Set(['ERR_INVALID_CHAR', 'ERR_UNESCAPED_CHARACTERS']);

/** The parser of Node says so of a message that is not HTTP. */
const isMalformed = (code: string): boolean => code.startsWith('HPE_');

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

/** The row of the error table for what `node:http` or the system reports of an attempt. */
export function networkError(error: Error, phase: Phase): GatewayError {
  if (error instanceof RequestBodyError || error instanceof ConnectFailure) return error.gatewayError;
  const code = codeOf(error);
  const reason = reasonOf(error, code);
  if (unsendable.has(code)) return unwritable(reason);
  if (isExhausted(error)) return exhausted(reason);
  switch (phase) {
    case 'connecting':
      return timedOut(error) ? connectTimeout(reason) : unreachable(withTlsRemedy(reason, error));
    case 'sent':
      if (isMalformed(code)) return badResponse(reason);
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
