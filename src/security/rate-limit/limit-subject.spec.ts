import { describe, expect, it } from 'vitest';
import type { Identity, PolicyContext } from '../policy.js';
import { keyWords, limitSubject, needsClaims } from './limit-subject.js';

interface Sender {
  readonly clientIp?: string;
  readonly headers?: PolicyContext['headers'];
  readonly claims?: Identity['claims'];
}

function subject(key: string, { clientIp = '203.0.113.9', headers = {}, claims }: Sender = {}): string {
  const identity = claims === undefined ? undefined : { scheme: 'jwt', subject: 'alice', claims };
  return limitSubject(key, 64)({ clientIp, headers, identity } as PolicyContext);
}

describe('limitSubject', () => {
  it('counts for the address, or for all together', () => {
    expect(subject('client-ip')).toBe('203.0.113.9');
    expect(subject('client-ip', { clientIp: '2001:db8::1' })).toBe('2001:db8:0:0::/64');
    expect(subject('global')).toBe(subject('global', { clientIp: '198.51.100.1' }));
  });

  it('counts for a header, whose name is written in any case', () => {
    expect(subject('header:X-Api-Key', { headers: { 'x-api-key': 'a' } })).toBe('=a');
    expect(subject('header:x-api-key', { headers: { 'x-api-key': 'a' } })).toBe('=a');
  });

  it('counts for the address where the header or the claim is missing or empty', () => {
    expect(subject('header:x-api-key')).toBe('203.0.113.9');
    expect(subject('header:x-api-key', { headers: { 'x-api-key': '' } })).toBe('203.0.113.9');
    expect(subject('jwt:sub')).toBe('203.0.113.9');
    expect(subject('jwt:sub', { claims: {} })).toBe('203.0.113.9');
    expect(subject('jwt:sub', { claims: { sub: null } })).toBe('203.0.113.9');
    for (const name of ['toString', 'constructor', '__proto__']) {
      expect(subject(`jwt:${name}`, { claims: {} })).toBe('203.0.113.9');
      expect(subject(`header:${name}`)).toBe('203.0.113.9');
    }
  });

  it('counts for the identity, whichever method has found it out, and for the address where there is none', () => {
    const of = (scheme: string, name: string): string => {
      const identity: Identity = { scheme, subject: name, claims: {} };
      return limitSubject('identity', 64)({ clientIp: '203.0.113.9', headers: {}, identity } as PolicyContext);
    };
    expect([of('api-key', 'partner-1'), of('basic', 'partner-1'), of('jwt', ''), subject('identity')]).toEqual([
      '=api-key partner-1',
      '=basic partner-1',
      '203.0.113.9',
      '203.0.113.9',
    ]);
  });

  it('is known after authentication only for the identity and claims, and has words for the log', () => {
    const keys = ['client-ip', 'global', 'header:x-key', 'jwt:sub', 'identity'];
    expect(keys.filter(needsClaims)).toEqual(['jwt:sub', 'identity']);
    expect(keys.map(keyWords)).toEqual(['per address', 'in all', 'per header x-key', 'per claim sub', 'per identity']);
  });

  it('counts for a claim of any type, also under a name with a colon', () => {
    expect(subject('jwt:sub', { claims: { sub: 'alice' } })).toBe('=alice');
    expect(subject('jwt:tenant', { claims: { tenant: 7 } })).toBe('=7');
    expect(subject('jwt:urn:x:roles', { claims: { 'urn:x:roles': ['a', 'b'] } })).toBe('=["a","b"]');
  });

  it('never mistakes a text that a client has chosen for an address or for the key of `global`', () => {
    for (const value of ['198.51.100.1', '*', '2001:db8:0:0::/64']) {
      expect(subject('header:x-user', { headers: { 'x-user': value } })).toBe(`=${value}`);
    }
  });

  it('shortens long values and still tells them apart', () => {
    const long = (last: string): string =>
      subject('header:x-user', { headers: { 'x-user': `${'x'.repeat(20_000)}${last}` } });
    expect(long('a')).not.toBe(long('b'));
    expect(long('a')).toBe(long('a'));
    expect(long('a').length).toBeLessThan(60);
    const forged = subject('header:x-user', { headers: { 'x-user': long('a') } });
    expect(forged).not.toBe(long('a'));
  });
});
