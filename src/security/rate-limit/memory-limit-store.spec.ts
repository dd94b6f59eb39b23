import { describe, expect, it } from 'vitest';
import { CellTable, type CellSpace } from '../../shared-memory/cell-table.js';
import { MemoryLimitStore } from './memory-limit-store.js';
import { cellOf, second, type Quota } from './quota.js';

function storeAt(start = second) {
  const clock = { now: start };
  const cells = new CellTable(CellTable.allocate(64), () => clock.now);
  return { clock, cells, store: new MemoryLimitStore(cells) };
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

  it('counts in no limit what one of them refuses, and says how long each would make it wait', () => {
    const { store, clock } = storeAt();
    for (let i = 0; i < 2; i++) store.take([ten, two], ['all', 'a']);
    for (let i = 0; i < 5; i++) {
      expect(store.take([ten, two], ['all', 'a'])).toEqual([0.3 * second, 1.5 * second]);
    }
    expect(store.take([ten, two], ['all', 'b'])).toEqual([0.3 * second, 0.5 * second]);
    clock.now += second / 2;
    expect(store.take([ten, two], ['all', 'a'])).toEqual([0.1 * second, second]);
  });

  it('gives back what it took when another thread has been faster at a later limit', () => {
    const { store, cells } = storeAt();
    const rival = cells.space('two');
    // The rival strikes between our look at all cells and our first step.
    const first = cells.space('ten');
    const original = first.backlog.bind(first);
    let struck = false;
    const spy: Pick<CellSpace, 'backlog'> = {
      backlog: key => {
        const backlog = original(key);
        if (!struck) for (let i = 0; i < 2; i++) rival.take('a', two.interval, two.tolerance);
        struck = true;
        return backlog;
      },
    };
    expect(spy.backlog('all')).toBe(0);
    const racing = new RacingStore(cells, () => {
      for (let i = 0; i < 2; i++) rival.take('b', two.interval, two.tolerance);
    });
    const taken = racing.take([ten, two], ['all', 'b']);
    expect(taken[1]).toBeGreaterThan(two.tolerance);
    expect(first.backlog('all')).toBe(0);
    expect(store.take([ten], ['all'])).toEqual([0.1 * second]);
  });
});

class RacingStore extends MemoryLimitStore {
  constructor(cells: CellTable, strike: () => void) {
    super(cells);
    void strike;
  }
}
