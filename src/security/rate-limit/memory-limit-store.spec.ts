import { describe, expect, it } from 'vitest';
import { CellTable } from '../../shared-memory/cell-table.js';
import { MemoryLimitStore } from './memory-limit-store.js';
import { cellOf, second, type Quota } from './quota.js';

function storeAt() {
  const clock = { now: second };
  const cells = new CellTable(CellTable.allocate(64), () => clock.now);
  return { clock, store: new MemoryLimitStore(cells) };
}

const quota = (name: string, limit: number): Quota => ({ name, onStoreFailure: 'local', ...cellOf(limit, 1000) });
const two = quota('two', 2);
const ten = quota('ten', 10);

describe('MemoryLimitStore', () => {
  it('answers without a promise', () => {
    const { store } = storeAt();
    expect(store.take([two], ['a'])).toEqual([second / 2]);
    expect(store.take([two], ['a'])).toEqual([second]);
    expect(store.take([two], ['a'])).toEqual([1.5 * second]);
  });

  it('counts a request in no limit when one of them refuses it, and gives the wait of each', () => {
    const { store, clock } = storeAt();
    for (let i = 0; i < 2; i++) store.take([ten, two], ['all', 'a']);
    for (let i = 0; i < 5; i++) {
      expect(store.take([ten, two], ['all', 'a'])).toEqual([0.3 * second, 1.5 * second]);
    }
    expect(store.take([ten, two], ['all', 'b'])).toEqual([0.3 * second, 0.5 * second]);
    clock.now += second / 2;
    expect(store.take([ten, two], ['all', 'a'])).toEqual([0.1 * second, second]);
  });

  it('keeps the count of a limit however many other limits there have been', () => {
    const { store } = storeAt();
    store.take([ten], ['a']);
    // Each refuses its request, which leaves the cell free for the next one.
    for (let number = 0; number < 25_000; number++) store.take([{ ...two, name: String(number), tolerance: 0 }], ['a']);
    expect(store.take([ten], ['a'])).toEqual([0.2 * second]);
  });

  it('gives back what it took when another thread has been faster at a later limit', () => {
    const memory = CellTable.allocate(64);
    const rival = new CellTable(memory, () => second).space('two');
    let readings = 0;
    let strikesAt = Infinity;
    const cells = new CellTable(memory, () => {
      // After the check of both cells, and before the first change.
      if (++readings === strikesAt) rival.take('a', two.interval, two.tolerance);
      return second;
    });
    const store = new MemoryLimitStore(cells);
    store.take([ten, two], ['all', 'a']);
    strikesAt = readings + 3;
    const taken = store.take([ten, two], ['all', 'a']);
    expect(taken[1]).toBe(1.5 * second);
    expect(cells.space('ten').backlog('all')).toBe(0.1 * second);
    expect(cells.space('two').backlog('a')).toBe(second);
  });
});
