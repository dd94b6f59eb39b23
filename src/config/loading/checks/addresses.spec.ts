import { describe, expect, it } from 'vitest';
import { collide, leadsTo } from './addresses.js';

describe('a backend', () => {
  it.each([
    ['http://127.0.0.1:8080', '127.0.0.1'],
    ['http://127.0.0.1:8080', '0.0.0.0'],
    ['http://127.3.2.1:8080', '0.0.0.0'],
    ['http://127.0.0.1:8080', '::'],
    ['http://[::ffff:127.0.0.1]:8080', '0.0.0.0'],
    ['http://[::1]:8080', '::'],
    ['http://[0:0:0:0:0:0:0:1]:8080', '::1'],
    ['http://localhost:8080', '127.0.0.1'],
    ['http://localhost:8080', '::1'],
    ['http://LOCALHOST.:8080', '0.0.0.0'],
    ['http://app.localhost:8080', '0.0.0.0'],
    ['http://127.0.0.1:8080', 'localhost'],
    ['http://0.0.0.0:8080', '127.0.0.1'],
    ['http://0.0.0.0:8080', '0.0.0.0'],
    ['http://[::]:8080', '0.0.0.0'],
    ['http://gw.internal:8080', 'gw.internal'],
    ['http://10.0.0.1:8080', '10.0.0.1'],
  ])('at %s leads to a listener on %s', (url, host) => {
    expect(leadsTo(new URL(url), { host, port: 8080 })).toBe(true);
    expect(leadsTo(new URL(url), { host, port: 8081 })).toBe(false);
    expect(leadsTo(new URL(url), { host, port: 0 })).toBe(false);
  });

  it.each([
    ['http://10.0.0.1:8080', '0.0.0.0'],
    ['http://app:8080', '0.0.0.0'],
    ['http://[::1]:8080', '0.0.0.0'],
    ['http://127.0.0.2:8080', '127.0.0.1'],
    ['http://127.0.0.1:8080', '10.0.0.1'],
  ])('at %s does not lead to a listener on %s, or may not', (url, host) => {
    expect(leadsTo(new URL(url), { host, port: 8080 })).toBe(false);
  });

  it('without a port leads to the port of its scheme', () => {
    expect(leadsTo(new URL('http://127.0.0.1'), { host: '0.0.0.0', port: 80 })).toBe(true);
    expect(leadsTo(new URL('https://127.0.0.1'), { host: '0.0.0.0', port: 443 })).toBe(true);
    expect(leadsTo(new URL('https://127.0.0.1'), { host: '0.0.0.0', port: 80 })).toBe(false);
  });
});

describe('two listeners on one port', () => {
  it.each([
    ['0.0.0.0', '127.0.0.1', true],
    ['::', '127.0.0.1', true],
    ['::', '0.0.0.0', true],
    ['::', '::1', true],
    ['127.0.0.1', '127.0.0.1', true],
    ['0.0.0.0', '::1', false],
    ['127.0.0.1', '127.0.0.2', false],
    ['10.0.0.1', '127.0.0.1', false],
  ])('on %s and %s: one is in the way of the other: %s', (one, other, expected) => {
    expect(collide({ host: one, port: 1 }, { host: other, port: 1 })).toBe(expected);
    expect(collide({ host: other, port: 1 }, { host: one, port: 1 })).toBe(expected);
    expect(collide({ host: other, port: 1 }, { host: one, port: 2 })).toBe(false);
    expect(collide({ host: other, port: 0 }, { host: one, port: 0 })).toBe(false);
  });
});
