import { isIP } from 'node:net';
import { readBounded, whyUnreadable } from '../platform/bounded-file.js';
import type { UpstreamTlsConfig } from '../config/file/upstream.config.js';
import type { Backend } from './backend.js';

/** PEM texts and the name to verify, for backends over TLS. */
export interface BackendTls {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly serverName?: string;
  readonly verify: boolean;
}

/** Reads the files that an upstream's `tls` names. Throws when one cannot be read. */
export function readTls({ ca, cert, key, serverName, verify }: UpstreamTlsConfig): BackendTls {
  return {
    verify,
    ...(ca !== undefined && { ca: read(ca) }),
    ...(cert !== undefined && { cert: read(cert) }),
    ...(key !== undefined && { key: read(key) }),
    ...(serverName !== undefined && { serverName }),
  };
}

function read(file: string): Buffer {
  try {
    return readBounded(file, { maxWait: 0 });
  } catch (error) {
    throw new Error(`file ${JSON.stringify(file)} ${whyUnreadable(error)}`, { cause: error });
  }
}

/**
 * The name for SNI that the backend's certificate must carry. Empty when the backend's host is an IP address: an address is no
 * server name (RFC 6066 §3), and the certificate is verified against the address itself.
 */
export function serverNameOf(backend: Backend, tls: BackendTls | undefined): string {
  const host = hostOf(backend);
  return tls?.serverName ?? (isIP(host) === 0 ? host : '');
}

/** Host of the backend in the form that sockets take: an IPv6 address without its brackets. */
export function hostOf(backend: Backend): string {
  return backend.url.hostname.replace(/^\[|\]$/g, '');
}

/** The options of `tls.connect` and `https.request` for a connection to the backend. The certificate is verified unless `verify` is false. */
export function tlsOptions(backend: Backend, tls: BackendTls | undefined): TlsOptions {
  return {
    rejectUnauthorized: tls?.verify ?? true,
    // For IP addresses an empty name rather than none: without one, an agent takes the name from the Host header.
    servername: serverNameOf(backend, tls),
    ...(tls?.ca !== undefined && { ca: tls.ca }),
    ...(tls?.cert !== undefined && { cert: tls.cert }),
    ...(tls?.key !== undefined && { key: tls.key }),
  };
}

/** The TLS options of Node that an upstream's `tls` sets. */
export interface TlsOptions extends Pick<BackendTls, 'ca' | 'cert' | 'key'> {
  readonly rejectUnauthorized: boolean;
  readonly servername: string;
}
