import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ExpiringCache } from './expiring-cache.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('an expiring cache', () => {
  it('keeps an entry until its time is over', () => {
    const cache = new ExpiringCache<string>(2);
    cache.set('a', 'A', 100);
    vi.advanceTimersByTime(99);
    expect(cache.get('a')).toBe('A');
    vi.advanceTimersByTime(1);
    expect(cache.get('a')).toBeUndefined();
  });

  it('never holds more than it may, and drops what was used longest ago', () => {
    const cache = new ExpiringCache<string>(2);
    cache.set('a', 'A', 100);
    cache.set('b', 'B', 100);
    cache.get('a');
    cache.set('c', 'C', 100);
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual(['A', undefined, 'C']);
    const names = Array.from({ length: 1000 }, (_, i) => String(i));
    for (const name of names) cache.set(name, '', 100);
    expect(names.filter(name => cache.get(name) !== undefined)).toEqual(['998', '999']);
  });

  it('does not drop another when an entry takes the place of an older one', () => {
    const cache = new ExpiringCache<string>(2);
    cache.set('a', 'A', 100);
    cache.set('b', 'B', 100);
    cache.set('b', 'B2', 100);
    expect([cache.get('a'), cache.get('b')]).toEqual(['A', 'B2']);
  });

  it.each([0, -1, NaN])('keeps nothing for %s milliseconds', milliseconds => {
    const cache = new ExpiringCache<string>(2);
    cache.set('a', 'old', 100);
    cache.set('a', 'A', milliseconds);
    expect(cache.get('a')).toBeUndefined();
  });

  it('can be emptied', () => {
    const cache = new ExpiringCache<string>(2);
    cache.set('a', 'A', 100);
    cache.clear();
    expect(cache.get('a')).toBeUndefined();
  });
});
