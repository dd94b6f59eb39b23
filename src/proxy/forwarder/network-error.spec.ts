import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GatewayError } from '../../http/gateway-error.js';
import { RequestBodyError } from '../client/request-body.js';
import { ConnectFailure } from './attempt-failure.js';
import { isStale, networkError } from './network-error.js';

const coded = (code: string, message: string): Error => Object.assign(new Error(message), { code });

describe('what the log says of a backend', () => {
  it.each([
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate', 'tls.ca'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate in certificate chain', 'tls.ca'],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'unable to get local issuer certificate', 'tls.ca'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unable to verify the first certificate', 'tls.ca'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'Hostname/IP does not match', 'tls.serverName'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'wrong version number', 'http://'],
  ])('whose TLS fails with %s points to the key that is about it', (code, message, key) => {
    const { code: kind, detail, reason } = networkError(coded(code, message), 'connecting');
    expect(kind).toBe('CONNECT_FAILED');
    expect(reason).toContain(`${code}: ${message}; `);
    expect(reason).toContain(key);
    expect(detail).not.toContain('tls.');
  });

  it('that cannot be reached says no more than the system', () => {
    const { reason } = networkError(coded('ECONNREFUSED', 'connect ECONNREFUSED'), 'connecting');
    expect(reason).toBe('ECONNREFUSED: connect ECONNREFUSED');
  });
});

describe('what Node reports', () => {
  it.each([
    ['connecting', 'CONNECT_FAILED'],
    ['sent', 'RESET'],
    ['responding', 'BODY_BROKEN'],
  ] as const)('of a connection that ends counts by the phase: %s', (phase, code) => {
    expect(networkError(coded('ECONNRESET', 'read ECONNRESET'), phase)).toMatchObject({
      code,
      reason: 'ECONNRESET: read ECONNRESET',
    });
  });

  it('as no HTTP is the fault of the backend, and is not tried again', () => {
    expect(networkError(coded('HPE_INVALID_CONSTANT', 'Expected HTTP/'), 'sent').code).toBe('PROTOCOL');
    expect(networkError(new Error('bad response of a plug-in'), 'sent').code).toBe('RESET');
  });

  it.each(['ERR_UNESCAPED_CHARACTERS', 'ERR_INVALID_CHAR'])(
    'of a request that cannot be written denies it: %s',
    code => {
      expect(networkError(coded(code, 'invalid'), 'connecting')).toMatchObject({ code: 'DENIED', status: 400 });
    },
  );

  it.each(['connecting', 'sent'] as const)('of missing descriptors is not held against a backend: %s', phase => {
    expect(networkError(coded('EMFILE', 'connect EMFILE'), phase)).toMatchObject({
      code: 'EXHAUSTED',
      source: 'gateway',
    });
  });

  it('of a name with several addresses names what each failed with', () => {
    const refused = [1, 2].map(last => coded('ECONNREFUSED', `connect ECONNREFUSED 127.0.0.${last}:80`));
    const error = Object.assign(new AggregateError(refused), { code: 'ECONNREFUSED' });
    expect(networkError(error, 'connecting')).toMatchObject({
      code: 'CONNECT_FAILED',
      reason: 'ECONNREFUSED: connect ECONNREFUSED 127.0.0.1:80; connect ECONNREFUSED 127.0.0.2:80',
    });
  });

  it('of a name with an address that does not answer is a timeout', () => {
    const failed = [coded('ETIMEDOUT', 'connect ETIMEDOUT'), coded('ECONNREFUSED', 'connect ECONNREFUSED')];
    const error = Object.assign(new AggregateError(failed), { code: 'ETIMEDOUT' });
    expect(networkError(error, 'connecting').code).toBe('CONNECT_TIMEOUT');
  });
});

describe('what the gateway knows itself', () => {
  const known = new GatewayError('BODY_TOO_LARGE');

  it.each([new RequestBodyError(known), new ConnectFailure(known)])('stays what it is: %s', error => {
    for (const phase of ['connecting', 'sent', 'responding'] as const) expect(networkError(error, phase)).toBe(known);
  });
});

describe('an attempt on a connection that the backend was closing', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  const reset = new GatewayError('RESET');

  it('is stale on a reused connection, soon after sending', () => {
    const sentAt = performance.now();
    vi.advanceTimersByTime(999);
    expect(isStale(reset, true, sentAt)).toBe(true);
    vi.advanceTimersByTime(1);
    expect(isStale(reset, true, sentAt)).toBe(false);
  });

  it('is not stale on a new connection, nor where the backend has answered', () => {
    const sentAt = performance.now();
    expect(isStale(reset, false, sentAt)).toBe(false);
    expect(isStale(new GatewayError('BODY_BROKEN'), true, sentAt)).toBe(false);
  });
});
