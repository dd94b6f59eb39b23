import type { ConnectionRefusal } from '../../metrics/connection-metrics.js';

const reasons: Readonly<Record<string, ConnectionRefusal>> = {
  ERR_TLS_HANDSHAKE_TIMEOUT: 'tls-timeout',
  ECONNRESET: 'tls-closed',
  EPIPE: 'tls-closed',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'tls-version',
  ERR_SSL_VERSION_TOO_LOW: 'tls-version',
  ERR_SSL_NO_SHARED_CIPHER: 'tls-cipher',
  ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM: 'tls-cipher',
  ERR_SSL_NO_SHARED_SIGNATURE_ALGORITHMS: 'tls-cipher',
  ERR_SSL_NO_SUITABLE_KEY_SHARE: 'tls-cipher',
  ERR_SSL_NO_APPLICATION_PROTOCOL: 'tls-protocol',
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: 'tls-client-certificate',
  ERR_SSL_HTTP_REQUEST: 'tls-not-tls',
  ERR_SSL_HTTPS_PROXY_REQUEST: 'tls-not-tls',
  ERR_SSL_WRONG_VERSION_NUMBER: 'tls-not-tls',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'tls-not-tls',
  ERR_SSL_RECORD_TOO_SMALL: 'tls-not-tls',
};

/** Why a handshake failed, for the metric; `certificate`: the error of the client's certificate, if there is one. */
export function handshakeFailure(error: NodeJS.ErrnoException, certificate: unknown): ConnectionRefusal {
  if (certificate !== undefined && certificate !== null) return 'tls-client-certificate';
  const code = error.code ?? '';
  // The client has refused to go on, in most cases because it does not trust the certificate.
  return reasons[code] ?? (code.includes('_ALERT_') ? 'tls-alert' : 'tls-failed');
}
