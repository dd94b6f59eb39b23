import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../http/gateway-error.js';
import { Answer } from '../policy.js';
import { SketchedRequest } from '../testing.js';
import { CorsPreflights } from './cors-preflights.js';

const settings = { origins: ['https://app.example'], exposeHeaders: [], credentials: false, maxAge: 600_000 };

function ask(policy: CorsPreflights, fields: Readonly<Record<string, string>> = {}): unknown {
  const all = { Origin: 'https://app.example', 'Access-Control-Request-Method': 'PUT', ...fields };
  return policy.check(new SketchedRequest({ method: 'OPTIONS', fields: Object.entries(all).flat() }));
}

function fieldsOf(verdict: unknown): Record<string, string> {
  if (!(verdict instanceof Answer)) throw new Error('no answer');
  const { headers } = verdict.response;
  return Object.fromEntries(
    headers.flatMap((name, at) => (at % 2 === 0 ? [[name.toLowerCase(), headers[at + 1]!]] : [])),
  );
}

const statusOf = (verdict: unknown): number | undefined =>
  verdict instanceof GatewayError ? verdict.status : undefined;

describe('CorsPreflights', () => {
  it('allows what is asked for where no list is given', () => {
    expect(fieldsOf(ask(new CorsPreflights(settings), { 'Access-Control-Request-Headers': 'x-a, X-B' }))).toEqual({
      'access-control-allow-origin': 'https://app.example',
      'access-control-allow-methods': 'PUT',
      'access-control-allow-headers': 'x-a, X-B',
      'access-control-max-age': '600',
      vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
    });
  });

  it('allows what the lists hold, with credentials if they are', () => {
    const policy = new CorsPreflights({ ...settings, methods: ['PUT', 'GET'], headers: ['x-csrf'], credentials: true });
    expect(fieldsOf(ask(policy, { 'Access-Control-Request-Headers': 'X-CSRF' }))).toMatchObject({
      'access-control-allow-methods': 'GET, HEAD, POST, PUT',
      'access-control-allow-headers': 'x-csrf',
      'access-control-allow-credentials': 'true',
    });
    expect(ask(policy, { 'Access-Control-Request-Method': 'POST' })).toBeInstanceOf(Answer);
    expect(statusOf(ask(policy, { 'Access-Control-Request-Method': 'DELETE' }))).toBe(403);
    expect(statusOf(ask(policy, { 'Access-Control-Request-Method': 'put' }))).toBe(403);
    expect(statusOf(ask(policy, { 'Access-Control-Request-Headers': 'x-csrf, x-other' }))).toBe(403);
  });

  it('gives each answer fields of its own, which others may change', () => {
    const policy = new CorsPreflights(settings);
    const [one, other] = [ask(policy), ask(policy)] as Answer[];
    one!.response.headers.push('X-A', '1');
    expect(other!.response.headers).not.toContain('X-A');
  });

  it('answers everyone with * where all are allowed, a frame without an origin as well', () => {
    const policy = new CorsPreflights({ ...settings, origins: ['*'] });
    for (const origin of ['https://any.example', 'null']) {
      expect(fieldsOf(ask(policy, { Origin: origin }))['access-control-allow-origin']).toBe('*');
    }
  });

  it.each(['https://evil.example', 'null', 'HTTPS://APP.EXAMPLE', 'https://app.example,https://evil.example', ''])(
    'refuses the origin %j',
    origin => {
      expect(statusOf(ask(new CorsPreflights(settings), { Origin: origin }))).toBe(403);
    },
  );

  it('ignores requests that are no preflights', () => {
    const policy = new CorsPreflights(settings);
    const fields = ['Origin', 'https://evil.example'];
    expect(policy.check(new SketchedRequest({ method: 'OPTIONS', fields }))).toBeUndefined();
    expect(
      policy.check(new SketchedRequest({ method: 'PUT', fields: [...fields, 'Access-Control-Request-Method', 'PUT'] })),
    ).toBeUndefined();
    expect(
      policy.check(new SketchedRequest({ method: 'OPTIONS', fields: ['Access-Control-Request-Method', 'PUT'] })),
    ).toBeUndefined();
  });

  it('never puts anything into a field that is no method, no list of names or no origin, for any request', () => {
    const open = new CorsPreflights({ ...settings, origins: ['*', 'https://*.app.example'] });
    const strict = new CorsPreflights({ ...settings, origins: ['https://*.app.example'] });
    const wire = fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map(code => String.fromCharCode(code)) });
    fc.assert(
      fc.property(wire, wire, wire, fc.boolean(), fc.boolean(), (origin, method, names, isOpen, isBelow) => {
        const asked = {
          Origin: isBelow ? `https://${origin}.app.example` : origin,
          'Access-Control-Request-Method': method,
          'Access-Control-Request-Headers': names,
        };
        const verdict = ask(isOpen ? open : strict, asked);
        if (!(verdict instanceof Answer)) return statusOf(verdict) === 403;
        for (const value of verdict.response.headers) expect(value).toMatch(/^[\w!#$%&'*+.^`|~:/, \t-]*$/);
        return true;
      }),
    );
  });

  it('refuses a list of names that is far too long', () => {
    const names = 'x-a,'.repeat(25_000);
    expect(statusOf(ask(new CorsPreflights(settings), { 'Access-Control-Request-Headers': names }))).toBe(403);
  });
});
