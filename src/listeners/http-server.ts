import { createServer, type Server, type ServerOptions } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { TlsOptions } from 'node:tls';
import { ClientRequest } from './client-request.js';

/** TLS of a server, and whether it speaks HTTP/2 as well. */
export interface SecureServerOptions extends TlsOptions {
  readonly http2: boolean;
}

/** The protocols that ALPN offers (RFC 7301), the preferred one first. A client that knows none of them is refused. */
function alpnProtocols(http2: boolean): string[] {
  return http2 ? ['h2', 'http/1.1'] : ['http/1.1'];
}

/** The server of a listener: HTTP/1.x, in clear text or over TLS. It does not handle connections that have agreed on HTTP/2. */
export function createHttpServer(options: ServerOptions, secure: SecureServerOptions | undefined): Server {
  const own = { ...options, IncomingMessage: ClientRequest };
  if (secure === undefined) return createServer(own);
  const { http2, ...tls } = secure;
  return createSecureServer({ ...own, ...tls, ALPNProtocols: alpnProtocols(http2) });
}
