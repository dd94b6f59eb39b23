import { describe, expect, it } from 'vitest';
import { didYouMean, nearest } from './nearest.js';

const strategies = ['round-robin', 'random', 'ip-hash'];
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

  it.each([
    ['round-robbin', 'round-robin'],
    ['ramdon', 'random'],
    ['iphash', 'ip-hash'],
    ['Round-Robin', 'round-robin'],
  ])('offers for the strategy %s: %s', (written, offer) => expect(nearest(written, strategies)).toBe(offer));

  it.each(['weighted', 'x'])('offers no strategy for %s', written =>
    expect(nearest(written, strategies)).toBeUndefined(),
  );

  it('offers nothing where nothing is known', () => expect(nearest('random', [])).toBeUndefined());

  it('ends a message with the offer, or with nothing', () => {
    expect(didYouMean('ramdon', strategies)).toBe('; did you mean "random"?');
    expect(didYouMean('weighted', strategies)).toBe('');
  });
});
