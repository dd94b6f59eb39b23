import { describe, expect, it } from 'vitest';
import { errorTable, GatewayError } from '../../http/gateway-error.js';
import { badResponse, brokenResponse, ConnectFailure, exhausted, tooLate, unreachable } from './attempt-failure.js';

describe('a backend that takes too long', () => {
  it.each([
    ['connecting', 'CONNECT_TIMEOUT', 504, 'no connection in 250 ms'],
    ['sent', 'HEAD_TIMEOUT', 504, 'no response head in 250 ms'],
    ['responding', 'BODY_BROKEN', 0, 'timeouts.idle: nothing for 250 ms'],
  ] as const)('while the attempt is %s is a %s', (phase, code, status, reason) => {
    expect(tooLate(phase, 250)).toMatchObject({ code, status, reason });
  });
});

describe('what a forwarder finds itself', () => {
  it.each([
    [unreachable, 'CONNECT_FAILED', 'backend', 'always'],
    [exhausted, 'EXHAUSTED', 'gateway', 'never'],
    [badResponse, 'PROTOCOL', 'backend', 'never'],
    [brokenResponse, 'BODY_BROKEN', 'backend', 'never'],
  ] as const)('%o is a row of the error table, and its reason is for the log alone', (make, code, source, retry) => {
    const error = make('10.0.0.1 said so');
    expect(error).toMatchObject({ code, source, reason: '10.0.0.1 said so' });
    expect(errorTable[error.code].retry).toBe(retry);
    expect(error.detail).not.toContain('10.0.0.1');
  });

  it('passes through libraries as an error that says the same', () => {
    const error = new GatewayError('CONNECT_FAILED', undefined, 'spoke first');
    const failure = new ConnectFailure(error);
    expect([failure.gatewayError, failure.message]).toEqual([error, 'spoke first']);
  });
});
