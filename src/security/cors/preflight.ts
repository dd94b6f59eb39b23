import type { IncomingHttpHeaders } from 'node:http';

/** The part of a request's head by which a preflight is recognised. */
interface Head {
  readonly method: string;
  readonly headers: Readonly<IncomingHttpHeaders>;
}

/**
 * The method for which a browser asks permission, when the request is a CORS preflight: `OPTIONS` with `Origin` and
 * `Access-Control-Request-Method` (Fetch §3.2.1). Undefined for any other request.
 */
export function preflightMethod(head: Head): string | undefined {
  // The fields are put together when they are asked for, and most requests are no preflights.
  if (head.method !== 'OPTIONS') return undefined;
  const { headers } = head;
  if (headers.origin === undefined) return undefined;
  return headers['access-control-request-method'];
}
