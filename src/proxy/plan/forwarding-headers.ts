import type { RawHeaders } from '../../fields/raw-headers.js';
import { canonicalAddress } from '../../addresses/canonical-address.js';
import type { ExchangeView } from './exchange-view.js';
import { forwardedElement, forwardedOf, reportedPort, reportedWay } from './forwarded.js';

const trustedRequestId = /^[\x21-\x7e]{1,128}$/;

/** True for a request id of a trusted proxy that can be kept: printable ASCII, at most 128 characters. */
export function isRequestId(value: string | undefined): value is string {
  return value !== undefined && trustedRequestId.test(value);
}

/**
 * The fields for the backend: `Host` first, then what passes unchanged from the client, then the gateway's own:
 * `X-Forwarded-For`, `-Proto`, `-Host`, `-Port`, `Forwarded` (RFC 7239), `X-Real-IP`, `X-Request-Id`, `Via`.
 * The port is that of the client's own address line: the proxy's word, else what stands in the host, else that of the scheme where
 * the proxy has told scheme or host; the listener's where nothing else is known.
 * What a peer that is not trusted said under the forwarding names is replaced; a trusted peer's word is kept and added to, and where it has
 * said who asked in only one of the two languages, `X-Forwarded-For` or `Forwarded`, the gateway says the same in the other.
 */
export function forwardingHeaders(exchange: ExchangeView): RawHeaders {
  const { head, listenerInfo: listener } = exchange;
  const { peer, peerTrusted: trusted } = exchange.client;
  const { authority, hostPort } = exchange.location;
  const address = peer === undefined ? 'unknown' : (canonicalAddress(peer) ?? peer);
  const headers: RawHeaders = ['Host', authority];
  for (const entry of head.passed) headers.push(entry);
  if (head.contentLength !== undefined && !head.chunked) headers.push('Content-Length', head.contentLength);
  if (exchange.acceptsTrailers) headers.push('TE', 'trailers');
  if (head.maxForwards !== undefined) headers.push('Max-Forwards', nextMaxForwards(exchange.method, head.maxForwards));

  if (trusted) {
    const { forwarded } = head;
    const way =
      forwarded === undefined || head.forwardedFor !== undefined
        ? head
        : reportedWay(forwarded, head, exchange.clientIp);
    const { forwardedFor, forwardedProto, forwardedHost } = way;
    headers.push('X-Forwarded-For', forwardedFor === undefined ? address : `${forwardedFor}, ${address}`);
    headers.push('X-Forwarded-Proto', forwardedProto ?? listener.scheme);
    const host = forwardedHost ?? authority;
    if (host !== '') headers.push('X-Forwarded-Host', host);
    const port = reportedPort(way, hostPort, listener);
    if (port !== undefined) headers.push('X-Forwarded-Port', port);
    const { scheme } = listener;
    headers.push(
      'Forwarded',
      forwarded === undefined
        ? forwardedOf(head, address, authority, scheme)
        : `${forwarded}, ${forwardedElement(address, authority, scheme)}`,
    );
  } else {
    headers.push('X-Forwarded-For', address, 'X-Forwarded-Proto', listener.scheme);
    // An HTTP/1.0 client may name none.
    if (authority !== '') headers.push('X-Forwarded-Host', authority);
    if (hostPort !== '') headers.push('X-Forwarded-Port', hostPort);
    else if (listener.port !== undefined) headers.push('X-Forwarded-Port', String(listener.port));
    headers.push('Forwarded', forwardedElement(address, authority, listener.scheme));
  }
  headers.push('X-Real-IP', exchange.clientIp, exchange.signature.idField, exchange.id);
  const { via } = exchange;
  headers.push('Via', head.via === undefined ? via : `${head.via}, ${via}`);
  return headers;
}

/** RFC 9110 §7.6.2: counted down for TRACE and OPTIONS, passed on for all others. 0 is never forwarded. */
function nextMaxForwards(method: string, value: string): string {
  if (method !== 'TRACE' && method !== 'OPTIONS') return value;
  return /^\d{1,9}$/.test(value) ? String(Number(value) - 1) : value;
}
