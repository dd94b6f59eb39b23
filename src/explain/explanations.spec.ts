import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Explanation } from './explanation.js';
import { Explanations, keptFor, mostKept } from './explanations.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

const of = (id: string, route?: string): Explanation => ({ id, route }) as Explanation;

it('keeps the last of each request, the newest first', () => {
  const kept = new Explanations();
  for (const each of [of('a'), of('b'), of('a', 'orders')]) kept.keep(each);
  expect(kept.ids).toEqual(['a', 'b']);
  expect(kept.find('a')?.route).toBe('orders');
  expect(kept.find('c')).toBeUndefined();
});

it('forgets the oldest where there are too many', () => {
  const kept = new Explanations();
  for (let i = 0; i <= mostKept; i++) kept.keep(of(String(i)));
  expect([kept.ids.length, kept.find('0'), kept.find('1')?.id]).toEqual([mostKept, undefined, '1']);
});

it('forgets each after its time', () => {
  const kept = new Explanations();
  kept.keep(of('a'));
  vi.advanceTimersByTime(keptFor - 1);
  kept.keep(of('b'));
  expect(kept.ids).toEqual(['b', 'a']);
  vi.advanceTimersByTime(1);
  expect(kept.ids).toEqual(['b']);
});

it('tells who listens of each', () => {
  const kept = new Explanations();
  const told: unknown[] = [];
  kept.onKept(({ id }) => told.push(id));
  kept.keep(of('a'));
  expect(told).toEqual(['a']);
});
