import { describe, expect, it } from 'vitest';
import { MemoryConcurrencyStore } from './concurrency-store.js';

describe('MemoryConcurrencyStore', () => {
  it('has a place for each key up to the limit, and again once one is given back', () => {
    const store = new MemoryConcurrencyStore();
    expect([store.enter('a', 2), store.enter('a', 2), store.enter('a', 2), store.enter('b', 2)]).toEqual([
      true,
      true,
      false,
      true,
    ]);
    store.leave('a');
    expect([store.enter('a', 2), store.enter('a', 2)]).toEqual([true, false]);
  });

  it('goes on counting with another limit', () => {
    const store = new MemoryConcurrencyStore();
    for (let i = 0; i < 3; i++) store.enter('a', 3);
    expect([store.enter('a', 2), store.enter('a', 4)]).toEqual([false, true]);
  });

  it('remembers no key without places, and none that was refused', () => {
    const store = new MemoryConcurrencyStore();
    for (let i = 0; i < 1000; i++) {
      const key = `key ${i}`;
      expect(store.enter(key, 1)).toBe(true);
      expect(store.enter(key, 1)).toBe(false);
      expect(store.keys).toBe(1);
      store.leave(key);
    }
    expect(store.keys).toBe(0);
  });
});
