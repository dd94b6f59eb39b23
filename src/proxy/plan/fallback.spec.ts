import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../http/gateway-error.js';
import { problemResponse } from '../../http/problem.js';
import { FallbackResponse } from './fallback.js';

const id = 'request-1';
const noBackend = new GatewayError('NO_BACKEND', 'None.', 'b: circuit-open', undefined, ['Retry-After', '7']);

const respond = (headers: [string, string][], body?: string, status = 503): ReturnType<typeof problemResponse> =>
  new FallbackResponse({ status, headers: new Map(headers), ...(body !== undefined && { body }) }).respond(
    id,
    noBackend,
    undefined,
  );

const valuesOf = (headers: readonly string[], name: string): string[] =>
  headers.filter((_, index) => index % 2 === 1 && headers[index - 1]!.toLowerCase() === name);

describe('a fallback response', () => {
  it('has the status, headers and body of the configuration, and says that it comes from the gateway', () => {
    const { status, headers, body } = respond([['content-type', 'text/html']], '<h1>Soon</h1>', 200);
    expect([status, String(body)]).toEqual([200, '<h1>Soon</h1>']);
    expect(valuesOf(headers, 'content-type')).toEqual(['text/html']);
    expect(valuesOf(headers, 'content-length')).toEqual(['13']);
    expect(valuesOf(headers, 'x-gateway-error')).toEqual(['NO_BACKEND']);
  });

  it('is a problem document with its own status where it has no body', () => {
    const { status, headers, body } = respond([], undefined, 429);
    expect(status).toBe(429);
    expect(JSON.parse(String(body))).toMatchObject({ status: 429, requestId: 'request-1' });
    expect(valuesOf(headers, 'retry-after')).toEqual(['7']);
  });

  it('names its own Retry-After and not that of the circuits', () => {
    expect(valuesOf(respond([['retry-after', '99']]).headers, 'retry-after')).toEqual(['99']);
    expect(valuesOf(respond([['Retry-After', '99']]).headers, 'retry-after')).toEqual(['99']);
  });

  it('is not changed by what was done to it for another exchange', () => {
    const fallback = new FallbackResponse({ status: 503, headers: new Map(), body: 'x' });
    const first = fallback.respond(id, noBackend, undefined);
    first.headers.push('x-other', '1');
    expect(valuesOf(fallback.respond(id, noBackend, undefined).headers, 'x-other')).toEqual([]);
  });

  it.each(['content-type', 'cache-control'])('without a body has its own %s once', name => {
    expect(valuesOf(respond([[name, 'own']]).headers, name)).toEqual(['own']);
  });
});
