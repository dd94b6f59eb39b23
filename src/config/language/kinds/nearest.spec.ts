import { describe, expect, it } from 'vitest';
import { nearest } from './nearest.js';

const known = ['listeners', 'upstreams', 'routes', 'keepAliveTimeout', 'port', 'host'];

describe('did you mean', () => {
  it.each([
    ['listners', 'listeners'],
    ['lsiteners', 'listeners'],
    ['Upstream', 'upstreams'],
    ['keep-alive-timeout', 'keepAliveTimeout'],
    ['keepalive_timeout', 'keepAliveTimeout'],
    ['prot', 'port'],
  ])('offers for %s: %s', (written, offer) => expect(nearest(written, known)).toBe(offer));

  it.each(['flux', 'x', '', '__proto__', 'a'.repeat(10_000)])('offers nothing for %j', written =>
    expect(nearest(written, known)).toBeUndefined(),
  );
});
