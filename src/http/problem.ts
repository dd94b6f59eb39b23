import type { GatewayError } from './gateway-error.js';
import { errorTable } from './gateway-error.js';
import type { RawHeaders } from '../fields/raw-headers.js';

/** A whole response that the gateway makes itself. */
export interface LocalResponse {
  readonly status: number;
  readonly headers: RawHeaders;
  readonly body: string | Buffer;
}

/**
 * The response for an error of the gateway's own: `application/problem+json` (RFC 9457) with `type`, `title`, `status`,
 * `detail`, `requestId` and, for wrong content, `errors`; and `X-Gateway-Error` to tell it from a backend's. Names
 * nothing internal.
 */
export function problemResponse(error: GatewayError, requestId: string): LocalResponse {
  const body = JSON.stringify({
    type: `urn:gatehouse:error:${error.code}`,
    title: errorTable[error.code].title,
    status: error.status,
    detail: error.detail,
    requestId,
    errors: error.errors,
  });
  const headers = [
    'Content-Type',
    'application/problem+json',
    'Content-Length',
    String(Buffer.byteLength(body)),
    'Cache-Control',
    'no-store',
    'X-Gateway-Error',
    error.code,
    ...error.headers,
  ];
  return { status: error.status, headers, body };
}
