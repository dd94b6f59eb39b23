import { expect, it } from 'vitest';
import { CountTable } from '../../shared-memory/count-table.js';
import { SharedPlaces } from './shared-places.js';

/** The places of two threads. */
function places(max: number) {
  const memory = CountTable.allocate({ cells: 16, threads: 2 });
  const tables = [0, 1].map(column => new CountTable(memory, column));
  const [one, two] = tables.map(table => new SharedPlaces(table.space('sse'), max)) as [SharedPlaces, SharedPlaces];
  return { main: tables[0]!, one, two };
}

it('are full when all threads together have taken them, and are taken again when one is left', () => {
  const { one, two } = places(2);
  expect([one.tryEnter(), two.tryEnter(), one.tryEnter(), two.tryEnter()]).toEqual([true, true, false, false]);
  one.leave();
  expect([two.tryEnter(), one.tryEnter(), one.open, two.open]).toEqual([true, false, 0, 2]);
});

it('are taken also when all are, by what can no longer be refused', () => {
  const { one, two } = places(1);
  one.enter();
  two.enter();
  one.leave();
  expect(one.tryEnter()).toBe(false);
  two.leave();
  expect(one.tryEnter()).toBe(true);
});

it('have another limit from one moment to the next', () => {
  const { one, two } = places(1);
  one.enter();
  expect(two.tryEnter()).toBe(false);
  two.max = 2;
  expect(two.tryEnter()).toBe(true);
});

it('are free again when the thread that had them has died', () => {
  const { main, one, two } = places(2);
  two.enter();
  two.enter();
  expect(one.tryEnter()).toBe(false);
  main.forget(1);
  expect([one.tryEnter(), one.tryEnter(), one.tryEnter()]).toEqual([true, true, false]);
});
