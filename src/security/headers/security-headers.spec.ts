import { describe, expect, it } from 'vitest';
import { SecurityHeadersConfig } from '../../config/file/security.config.js';
import { SecurityHeaders } from './security-headers.js';

const defaults = ['X-Content-Type-Options', 'nosniff', 'X-Frame-Options', 'DENY', 'Referrer-Policy', 'no-referrer'];

function applied(settings: Partial<SecurityHeadersConfig>, headers: string[], scheme: 'http' | 'https'): string[] {
  new SecurityHeaders({ ...new SecurityHeadersConfig(), ...settings }).apply(headers, { scheme });
  return headers;
}

describe('SecurityHeaders', () => {
  it('adds the defaults, and HSTS on https only', () => {
    expect(applied({}, ['X-A', '1'], 'http')).toEqual(['X-A', '1', ...defaults]);
    expect(applied({}, [], 'https')).toEqual([...defaults, 'Strict-Transport-Security', 'max-age=31536000']);
  });

  it('leaves a field that the backend sends, however it spells the name', () => {
    const own = ['x-frame-options', 'SAMEORIGIN', 'STRICT-TRANSPORT-SECURITY', 'max-age=0'];
    expect(applied({}, [...own], 'https')).toEqual([
      ...own,
      'X-Content-Type-Options',
      'nosniff',
      'Referrer-Policy',
      'no-referrer',
    ]);
  });

  it('does not take a value for a name', () => {
    expect(applied({}, ['X-A', 'X-Frame-Options'], 'http')).toContain('DENY');
  });

  it('leaves out what is off', () => {
    const off = { hsts: '', contentTypeOptions: false, frameOptions: '', referrerPolicy: '' };
    expect(applied(off, [], 'https')).toEqual([]);
  });
});
