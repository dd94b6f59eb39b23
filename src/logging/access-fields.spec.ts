import { describe, expect, it } from 'vitest';
import type { ExchangeRecord } from '../http/exchange-record.js';
import { ExchangeTrail } from '../http/exchange-trail.js';
import { accessFields } from './access-fields.js';

const trail = Object.assign(new ExchangeTrail(), {
  response: ['Content-Length', '7', 'Vary', 'a', 'vary', 'b', 'Location', 'https://u:hidden@a.example/?token=hidden'],
});

const record = {
  headers: {
    'user-agent': 'curl/8',
    'x-tenant': 'acme',
    referer: 'https://a.example/?v=1&api_key=hidden',
    cookie: 'first=1; beta=on=2; beta=off; odd',
    'x-long': 'x'.repeat(2000),
  },
  identity: { scheme: 'jwt', subject: 'ann', claims: { mail: 'a@b', roles: ['x', 'y'], n: 7, none: null } },
  message: { socket: {} },
  trail,
} as unknown as ExchangeRecord;

function read(source: string, of: ExchangeRecord = record, redacted: readonly string[] = []): string | undefined {
  return accessFields(new Map([['f', source]]), new Set(redacted))[0]!.read(of);
}

describe('a field of the access log', () => {
  it.each([
    ['identity', 'ann'],
    ['user-agent', 'curl/8'],
    ['header:x-tenant', 'acme'],
    ['header:constructor', undefined],
    ['header:referer', 'https://a.example/?v=1&api_key=****'],
    ['response-header:content-length', '7'],
    ['response-header:vary', 'a, b'],
    ['response-header:location', 'https://u:****@a.example/?token=****'],
    ['response-header:age', undefined],
    ['cookie:beta', 'on=2'],
    ['cookie:odd', undefined],
    ['claim:mail', 'a@b'],
    ['claim:roles', '["x","y"]'],
    ['claim:n', '7'],
    ['claim:none', undefined],
    ['claim:toString', undefined],
    ['tls-version', undefined],
  ])('%s shows %j', (source, shown) => expect(read(source)).toBe(shown));

  it('that is asked for where there is nothing of the kind is left out', () => {
    const bare = { headers: {} } as unknown as ExchangeRecord;
    for (const source of ['identity', 'user-agent', 'claim:a', 'cookie:a', 'response-header:a', 'tls-version'])
      expect(read(source, bare)).toBeUndefined();
  });

  it('is hidden where its header is redacted, or its name says that it holds a secret', () => {
    expect([read('header:x-tenant', record, ['x-tenant']), read('header:cookie'), read('header:x-none')]).toEqual([
      '[redacted]',
      '[redacted]',
      undefined,
    ]);
  });

  it('is cut where it is long', () => expect(read('header:x-long')).toHaveLength(1025));
});
