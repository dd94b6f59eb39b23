import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../http/gateway-error.js';
import type { RequestPolicy } from '../policy.js';
import { SketchedRequest } from '../testing.js';
import { ContentTypes } from './content-types.js';
import { RequiredHeaders } from './required-headers.js';
import { UnderscoreHeaders } from './underscore-headers.js';

function statusOf(policy: RequestPolicy, fields: readonly string[], method = 'POST'): number {
  const verdict = policy.check(new SketchedRequest({ method, fields }));
  return verdict instanceof GatewayError ? verdict.status : 200;
}

describe('ContentTypes', () => {
  const policy = new ContentTypes(['application/json', 'Image/*']);
  const typed = (...types: string[]): string[] => [
    'Content-Length',
    '2',
    ...types.flatMap(type => ['Content-Type', type]),
  ];

  it.each([
    ['application/json', 200],
    ['Application/JSON; charset=utf-8', 200],
    [' application/json ;q', 200],
    ['image/png', 200],
    ['IMAGE/svg+xml', 200],
    ['text/plain', 415],
    ['application/jsonx', 415],
    ['application/json, text/plain', 415],
    ['image/', 415],
    ['image/png, text/html', 415],
    ['imagex/png', 415],
    ['', 415],
    ['x; application/json', 415],
  ])('answers a body of type %j with %i', (type, status) => {
    expect(statusOf(policy, typed(type))).toBe(status);
  });

  it('requires a type for every body, also for one without a length', () => {
    expect(statusOf(policy, ['Content-Length', '1'])).toBe(415);
    expect(statusOf(policy, ['Transfer-Encoding', 'chunked'])).toBe(415);
  });

  it('does not look at requests without a body', () => {
    expect(statusOf(policy, ['Content-Type', 'text/plain'])).toBe(200);
    expect(statusOf(policy, ['Content-Type', 'text/plain', 'Content-Length', '0'])).toBe(200);
  });

  it('refuses two types, of which a backend could take the other', () => {
    expect(statusOf(policy, typed('application/json', 'text/xml'))).toBe(400);
    expect(statusOf(policy, ['content-type', 'application/json', ...typed('application/json')])).toBe(400);
  });

  it('lists the accepted types', () => {
    const verdict = policy.check(new SketchedRequest({ method: 'POST', fields: typed('text/plain') }));
    expect(verdict).toMatchObject({ headers: ['Accept', 'application/json, image/*'] });
  });
});

describe('RequiredHeaders', () => {
  const policy = new RequiredHeaders(['x-tenant', 'x-csrf']);

  it('lets a request with all of them pass', () => {
    expect(statusOf(policy, ['X-Tenant', '1', 'X-CSRF', ''])).toBe(200);
  });

  it('names the one that is missing', () => {
    const verdict = policy.check(new SketchedRequest({ fields: ['X-Tenant', '1'] }));
    expect(verdict).toMatchObject({ status: 400, detail: 'The request must have the header field x-csrf.' });
  });

  it('does not count one that Connection keeps from the backend', () => {
    const fields = ['X-Tenant', '1', 'X-CSRF', '1'];
    expect(statusOf(policy, [...fields, 'Connection', 'keep-alive'])).toBe(200);
    expect(statusOf(policy, [...fields, 'Connection', 'keep-alive, x-other'])).toBe(200);
    expect(statusOf(policy, [...fields, 'Connection', 'X-Csrf'])).toBe(400);
    expect(statusOf(policy, [...fields, 'Connection', 'close', 'Connection', 'x-tenant'])).toBe(400);
  });

  it('does not find a field among the properties that every object inherits', () => {
    expect(statusOf(new RequiredHeaders(['constructor']), [])).toBe(400);
    expect(statusOf(new RequiredHeaders(['constructor']), ['Constructor', 'x'])).toBe(200);
  });
});

describe('UnderscoreHeaders', () => {
  const fields = ['X_User', 'a', 'X-User', 'b', '__proto__', 'c', 'x_user', 'd'];

  it('removes every one of them, even one that Node does not show', () => {
    const request = new SketchedRequest({ fields });
    expect(new UnderscoreHeaders('remove').check(request)).toBeUndefined();
    expect(request.requestEdits.map(([name]) => name)).toEqual(['X_User', '__proto__', 'x_user']);
  });

  it('refuses them', () => {
    expect(statusOf(new UnderscoreHeaders('reject'), fields)).toBe(400);
    expect(statusOf(new UnderscoreHeaders('reject'), ['__proto__', 'x'])).toBe(400);
    expect(statusOf(new UnderscoreHeaders('reject'), ['X-User', 'a_b'])).toBe(200);
  });
});
