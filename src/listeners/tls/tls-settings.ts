import { constants } from 'node:crypto';
import type { SecureContextOptions } from 'node:tls';
import type { KeyPair } from '../../tls/key-pair.js';

/** TLS of a listener: `listeners.*.tls`. */
export interface ListenerTls {
  /** Paths of PEM files; the first is the default. */
  readonly certificates: readonly { readonly cert: string; readonly key: string }[];
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly clientAuth?: { readonly ca: string; readonly mode: 'require' | 'optional' } | undefined;
}

/**
 * Mozilla's "intermediate" list (version 5.7) without its finite-field Diffie-Hellman suites: forward secrecy and authenticated
 * encryption in every one. The first three are those of TLS 1.3.
 */
const ciphers = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

/**
 * How long a session may be resumed, in seconds. The client keeps the ticket, so the gateway stores none; the keys that encrypt
 * tickets are replaced just as often.
 */
export const sessionLifetime = 3600;

/** The server's order counts, except that a client without AES in hardware gets ChaCha20; a client cannot renegotiate. */
const secureOptions =
  constants.SSL_OP_CIPHER_SERVER_PREFERENCE | constants.SSL_OP_PRIORITIZE_CHACHA | constants.SSL_OP_NO_RENEGOTIATION;

/** The options of OpenSSL for connections with one of the certificates. `authorities`: PEM, for certificates of clients. */
export function contextOptions(
  { minVersion }: ListenerTls,
  pair: KeyPair,
  authorities: string | undefined,
): SecureContextOptions {
  return {
    cert: pair.cert,
    key: pair.key,
    minVersion,
    maxVersion: 'TLSv1.3',
    ciphers,
    honorCipherOrder: true,
    secureOptions,
    sessionTimeout: sessionLifetime,
    ...(authorities !== undefined && { ca: authorities }),
  };
}
