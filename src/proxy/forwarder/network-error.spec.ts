import { describe, expect, it } from 'vitest';
import { badResponse, networkError } from './network-error.js';

const tlsError = (code: string, message: string): Error => Object.assign(new Error(message), { code });

describe('what the log says of a backend', () => {
  it.each([
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate', 'tls.ca'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate in certificate chain', 'tls.ca'],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'unable to get local issuer certificate', 'tls.ca'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unable to verify the first certificate', 'tls.ca'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'Hostname/IP does not match', 'tls.serverName'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'wrong version number', 'http://'],
  ])('whose TLS fails with %s points to the key that is about it', (code, message, key) => {
    const { code: kind, detail, reason } = networkError(tlsError(code, message), 'connecting');
    expect(kind).toBe('CONNECT_FAILED');
    expect(reason).toContain(`${code}: ${message}; `);
    expect(reason).toContain(key);
    expect(detail).not.toContain('tls.');
  });

  it('that cannot be reached says no more than the system', () => {
    const { reason } = networkError(tlsError('ECONNREFUSED', 'connect ECONNREFUSED'), 'connecting');
    expect(reason).toBe('ECONNREFUSED: connect ECONNREFUSED');
  });

  it('that sends two equal Content-Length names them', () => {
    const what = 'Response body length does not match content-length header';
    const { code, reason } = networkError(tlsError('UND_ERR_RES_CONTENT_LENGTH_MISMATCH', what), 'sent');
    expect([code, reason]).toEqual([
      'PROTOCOL',
      'bad response: Content-Length stands twice, beside Transfer-Encoding, or before a malformed field (UND_ERR_RES_CONTENT_LENGTH_MISMATCH)',
    ]);
  });

  it.each([
    [200, 'chunked, chunked', undefined, 'Transfer-Encoding says chunked twice'],
    [200, ['chunked', 'Chunked'], undefined, 'Transfer-Encoding says chunked twice'],
    [200, 'gzip, chunked', undefined, 'a Transfer-Encoding that is not chunked'],
    [200, 'chunked', '5', 'both Transfer-Encoding and Content-Length'],
    [101, undefined, undefined, 'status 101'],
    [undefined, undefined, undefined, 'status missing'],
  ])('that answers %j with the coding %j and the length %j names what is wrong', (status, coding, length, says) => {
    const { code, reason } = networkError(badResponse(status, coding, length), 'sent');
    expect([code, reason]).toEqual(['PROTOCOL', `bad response: ${says}`]);
  });
});
