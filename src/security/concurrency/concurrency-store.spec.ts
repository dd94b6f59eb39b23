import { describe, expect, it } from 'vitest';
import { CountTable } from '../../shared-memory/count-table.js';
import { concurrencyStore, MemoryConcurrencyStore } from './concurrency-store.js';

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

describe('the stores of two threads with the same memory', () => {
  const stores = () => {
    const memory = CountTable.allocate({ cells: 16, threads: 2 });
    const tables = [0, 1].map(column => new CountTable(memory, column));
    const [one, two] = tables.map(table => concurrencyStore(table.space('concurrency')));
    return { one: one!, two: two!, main: tables[0]! };
  };

  it('have a place for each key up to the limit together, and again once one is given back in either', () => {
    const { one, two } = stores();
    expect([one.enter('a', 2), two.enter('a', 2), one.enter('a', 2), two.enter('a', 2)]).toEqual([
      ...[true, true, false, false],
    ]);
    expect(two.enter('b', 1)).toBe(true);
    two.leave('a');
    expect([one.enter('a', 2), two.enter('a', 2), one.keys, two.keys]).toEqual([true, false, 1, 1]);
    one.leave('a');
    one.leave('a');
    expect([one.keys, two.enter('a', 1)]).toEqual([0, true]);
  });

  it('have the places of a thread that has died again', () => {
    const { one, two, main } = stores();
    expect([two.enter('a', 1), one.enter('a', 1)]).toEqual([true, false]);
    main.forget(1);
    expect(one.enter('a', 1)).toBe(true);
  });

  it('keep the limit of each key also where there are more keys than cells, each thread for itself', () => {
    const { one, two } = stores();
    for (let i = 0; i < 100; i++) expect([one.enter(`key ${i}`, 1), one.enter(`key ${i}`, 1)]).toEqual([true, false]);
    for (let i = 0; i < 100; i++) one.leave(`key ${i}`);
    expect([one.keys, two.enter('key 1', 1), one.enter('key 1', 1)]).toEqual([0, true, false]);
  });
});
