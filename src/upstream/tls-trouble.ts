const untrusted = 'its certificate is of no authority that is trusted here: name that in tls.ca of the upstream';

/** The remedy for a TLS connection that failed, by the code of the error. */
const remedies: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: `${untrusted}, or let the backend send its intermediate certificates`,
  CERT_UNTRUSTED: untrusted,
  CERT_SIGNATURE_FAILURE: untrusted,
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name: say which in tls.serverName of the upstream',
  CERT_HAS_EXPIRED: 'its certificate, or that of its authority, has expired: renew it (tls.ca names the authority)',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet: look at the clocks of both machines',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS there: is its URL to begin with http://?',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS there: is its URL to begin with http://?',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'it asks for a certificate: give tls.cert and tls.key of the upstream',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: 'it may ask for a certificate (tls.cert and tls.key of the upstream)',
  'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE': 'it may ask for a certificate (tls.cert and tls.key of the upstream)',
};

/**
 * The message of an error of a connection to a backend, followed, for failures of TLS, by the key of the configuration to
 * change. For logs only.
 */
export function withTlsRemedy(text: string, error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const remedy = Object.hasOwn(remedies, code) ? remedies[code] : undefined;
  return remedy === undefined ? text : `${text}; ${remedy}`;
}
