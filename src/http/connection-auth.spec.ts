import { describe, expect, it } from 'vitest';
import { answersForConnection, authenticatesConnection, takesSeveralSteps } from './connection-auth.js';

describe('credentials', () => {
  it.each(['NTLM TlRMTVNTUAAB', 'ntlm', 'Negotiate YIIZ', 'negotiate', 'Nego2 abc', 'Kerberos abc', 'Basic a, NTLM b'])(
    'let in the connection: %s',
    value => expect(authenticatesConnection(value)).toBe(true),
  );

  it.each(['Basic bnRsbQ==', 'Bearer ntlm', 'NTLMv9 x', 'Digest realm="ntlm"', 'Negotiated x', ''])(
    'let in one request: %s',
    value => expect(authenticatesConnection(value)).toBe(false),
  );

  it('take several requests where they are NTLM, under each of its names', () => {
    expect(['NTLM', 'ntlm abc', 'Negotiate TlRMTVNTUAAB', 'nego2  TlRMTVNTUAAD'].every(takesSeveralSteps)).toBe(true);
    expect(['Negotiate YIIZ', 'Kerberos a', 'Basic TlRMTVNTUAAB'].some(takesSeveralSteps)).toBe(false);
  });
});

describe('an answer', () => {
  it('may let in its connection when it offers such a scheme, goes on with it or remembers', () => {
    expect(answersForConnection('NTLM', undefined)).toBe(true);
    expect(answersForConnection('Basic realm="x", Negotiate', undefined)).toBe(true);
    expect(answersForConnection(['Basic realm="x"', 'negotiate abc'], undefined)).toBe(true);
    expect(answersForConnection(undefined, 'true')).toBe(true);
    expect(answersForConnection(['Basic realm="x"', 'Bearer'], undefined)).toBe(false);
    expect(answersForConnection(undefined, undefined)).toBe(false);
  });
});
