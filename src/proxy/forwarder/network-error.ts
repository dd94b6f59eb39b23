import { GatewayError } from '../../http/gateway-error.js';
import { isExhausted } from '../../platform/exhausted.js';
import { withTlsRemedy } from '../../upstream/tls-trouble.js';
import { RequestBodyError } from '../client/request-body.js';

/** How far an attempt had come when it failed. */
export type Phase = 'connecting' | 'sent' | 'responding';

const codeOf = (error: Error): string => ('code' in error && typeof error.code === 'string' ? error.code : '');

/** Codes by which undici says that the request itself cannot be sent: neither side of the network is to blame. */
const unsendable = new Set([
  'UND_ERR_INVALID_ARG',
  'UND_ERR_NOT_SUPPORTED',
  'ERR_INVALID_CHAR',
  'ERR_UNESCAPED_CHARACTERS',
]);

/** What undici and Node's parser call a message that is not HTTP; undici's own parser error has no code. */
const lengthMismatch = 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH';
const spoiltLength = 'bad response: Content-Length stands twice, beside Transfer-Encoding, or before a malformed field';
const malformed = new Set(['UND_ERR_HEADERS_OVERFLOW', lengthMismatch]);
const isMalformed = (error: Error, code: string): boolean =>
  code.startsWith('HPE_') || error.name === 'HTTPParserError' || malformed.has(code);

/** The row of the error table for what a client library (undici, node:http) reports of an attempt. */
export function networkError(error: Error, phase: Phase): GatewayError {
  if (error instanceof RequestBodyError) return error.gatewayError;
  const code = codeOf(error);
  const reason = code === '' ? error.message : `${code}: ${error.message}`;
  if (unsendable.has(code)) {
    return new GatewayError('DENIED', 'The request cannot be passed on as it is.', reason, 400);
  }
  if (code === 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH') {
    return new GatewayError('CLIENT_BODY', 'The request body does not have the declared length.', reason);
  }
  if (isExhausted(error)) return new GatewayError('EXHAUSTED', 'The gateway is too busy; try again later.', reason);
  switch (phase) {
    case 'connecting':
      return code === 'UND_ERR_CONNECT_TIMEOUT'
        ? new GatewayError('CONNECT_TIMEOUT', 'No connection to the backend within timeouts.connect.', reason)
        : new GatewayError('CONNECT_FAILED', 'The backend could not be reached.', withTlsRemedy(reason, error));
    case 'sent':
      if (code === 'UND_ERR_HEADERS_TIMEOUT') {
        return new GatewayError('HEAD_TIMEOUT', 'The backend did not answer within timeouts.response.', reason);
      }
      if (isMalformed(error, code) || /^bad (?:response|upgrade)/.test(error.message)) {
        // undici says this of whatever its parser refuses in a head after a Content-Length, and does not keep what that was.
        const named = code === lengthMismatch ? `${spoiltLength} (${code})` : reason;
        return new GatewayError('PROTOCOL', 'The backend sent something that is not a valid HTTP response.', named);
      }
      return new GatewayError('RESET', 'The backend closed the connection before it answered.', reason);
    case 'responding':
      return new GatewayError(
        'BODY_BROKEN',
        'The response of the backend broke.',
        code === 'UND_ERR_BODY_TIMEOUT' ? `timeouts.idle: ${reason}` : reason,
      );
  }
}

/** Why a head of a final response cannot be passed on, by the name of what is wrong with it. */
export function badResponse(
  status: number | undefined,
  transferEncoding: string | string[] | undefined,
  contentLength: string | string[] | undefined,
): Error {
  if (transferEncoding !== undefined) {
    if (contentLength !== undefined) return new Error('bad response: both Transfer-Encoding and Content-Length');
    const codings = String(transferEncoding).toLowerCase().split(',');
    if (codings.filter(coding => coding.trim() === 'chunked').length > 1) {
      return new Error('bad response: Transfer-Encoding says chunked twice');
    }
    if (!isFinalHead(200, transferEncoding)) return new Error('bad response: a Transfer-Encoding that is not chunked');
  }
  return new Error(`bad response: status ${status ?? 'missing'}`);
}

/**
 * True for the head of a final response that can be passed on: a status of 200 to 999, and no transfer coding but chunked, which
 * ends at this hop and would leave the body in a coding that nobody names (RFC 9112 §6.1).
 */
export function isFinalHead(status: number | undefined, transferEncoding: string | string[] | undefined): boolean {
  if (status === undefined || status < 200 || status > 999) return false;
  return transferEncoding === undefined || String(transferEncoding).trim().toLowerCase() === 'chunked';
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
