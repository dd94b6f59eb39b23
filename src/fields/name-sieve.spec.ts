import { describe, expect, it } from 'vitest';
import { NameSieve } from './name-sieve.js';

describe('a sieve of field names', () => {
  it('lets each of its names through, in any case', () => {
    const names = ['te', 'connection', '', `x-${'a'.repeat(70)}`];
    const sieve = new NameSieve(names);
    for (const name of names)
      expect([name, sieve.mayHave(name), sieve.mayHave(name.toUpperCase())]).toEqual([name, true, true]);
  });

  it('keeps back what begins with another letter or is of another length', () => {
    const sieve = new NameSieve(['connection']);
    expect(sieve.mayHave('accept-ran')).toBe(false);
    expect(sieve.mayHave('Content-Length')).toBe(false);
    expect(sieve.mayHave('c')).toBe(false);
  });

  it('lets every name of a letter through, short or long, once it is told to', () => {
    const sieve = new NameSieve([]);
    sieve.addAllOf('x');
    for (const name of ['x', 'X-Original-Url', `x${'a'.repeat(100)}`]) expect(sieve.mayHave(name)).toBe(true);
    expect(sieve.mayHave('y')).toBe(false);
    expect(sieve.mayHave('w'.repeat(100))).toBe(false);
  });
});
