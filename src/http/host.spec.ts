import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseHost } from './host.js';

describe('parseHost', () => {
  it.each([
    ['shop.example', 'shop.example', ''],
    ['Shop.EXAMPLE:8080', 'shop.example', '8080'],
    ['shop.example.', 'shop.example', ''],
    ['shop.example.:80', 'shop.example', '80'],
    ['shop.example:', 'shop.example', ''],
    ['shop.example:0080', 'shop.example', '80'],
    ['localhost', 'localhost', ''],
    ['192.0.2.1:3000', '192.0.2.1', '3000'],
    ['my_service-1.internal', 'my_service-1.internal', ''],
    ['[::1]', '[::1]', ''],
    ['[2001:DB8:0:0::1]:443', '[2001:db8::1]', '443'],
    ['a:65535', 'a', '65535'],
  ])('takes %s apart', (value, host, port) => {
    expect(parseHost(value)).toEqual({ host, port });
  });

  it.each([
    '',
    '.',
    ':80',
    'a..b',
    '.a',
    'a..',
    'user@shop.example',
    'a b',
    ' a',
    'a,b',
    'a/b',
    'a\\b',
    'a?b',
    'a#b',
    'a%20b',
    'a\u0000',
    'a\r\nb',
    'müller.example',
    '*.shop.example',
    'a:b',
    'a:-1',
    'a:65536',
    'a:000080',
    'a:80:90',
    '::1',
    '[::1',
    '[]',
    '[::1]80',
    '[fe80::1%eth0]',
    '[192.0.2.1]',
    '[v1.x]',
    'a'.repeat(256),
  ])('refuses %j', value => {
    expect(parseHost(value)).toBeUndefined();
    expect(parseHost(value)).toBeUndefined();
  });

  it('gives the same answer for a host seen before and after thousands of others', () => {
    const first = parseHost('first.example:81');
    for (let i = 0; i < 5000; i++)
      expect(parseHost(`host${i}.example`)).toEqual({ host: `host${i}.example`, port: '' });
    expect(parseHost('first.example:81')).toEqual(first);
  });

  it('never throws, and yields only hosts that it takes itself', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom('a', 'B', '.', ':', '[', ']', '1', '-') })),
        value => {
          const authority = parseHost(value);
          if (authority === undefined) return;
          expect(parseHost(authority.host)).toEqual({ host: authority.host, port: '' });
          expect(authority.host).toMatch(/^[a-z0-9._~\-:[\]]+$/);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('needs no more than linear time for a value made to make matching hard', () => {
    const started = process.cpuUsage();
    for (let i = 0; i < 1000; i++) expect(parseHost(`${'a'.repeat(200)}.${'b'.repeat(50)}!`)).toBeUndefined();
    expect(process.cpuUsage(started).user).toBeLessThan(1_000_000);
  });
});
