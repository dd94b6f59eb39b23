import type { GatewayError } from '../../http/gateway-error.js';
import { badResponse } from './attempt-failure.js';

/**
 * True for the head of a final response that can be passed on: a status of 200 to 999, and no transfer coding but chunked, which
 * ends at this hop and would leave the body in a coding that no field names (RFC 9112 §6.1).
 */
export function isFinalHead(status: number | undefined, transferEncoding: string | string[] | undefined): boolean {
  if (status === undefined || status < 200 || status > 999) return false;
  return transferEncoding === undefined || String(transferEncoding).trim().toLowerCase() === 'chunked';
}

/** Why a head of a final response cannot be passed on. */
export function badHead(
  status: number | undefined,
  transferEncoding: string | string[] | undefined,
  contentLength: string | string[] | undefined,
): GatewayError {
  if (transferEncoding !== undefined) {
    if (contentLength !== undefined) return badResponse('bad response: both Transfer-Encoding and Content-Length');
    const codings = String(transferEncoding).toLowerCase().split(',');
    if (codings.filter(coding => coding.trim() === 'chunked').length > 1) {
      return badResponse('bad response: Transfer-Encoding says chunked twice');
    }
    if (!isFinalHead(200, transferEncoding))
      return badResponse('bad response: a Transfer-Encoding that is not chunked');
  }
  return badResponse(`bad response: status ${status ?? 'missing'}`);
}
