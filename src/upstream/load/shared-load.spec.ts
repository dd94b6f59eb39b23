import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { LoadTable } from './load-table.js';

/** The load of one backend as two threads have it. */
function twoThreads() {
  const memory = LoadTable.allocate(2, 16);
  const [one, other] = [0, 1].map(thread => new LoadTable(memory, thread).of('app', 'a')!);
  return { one: one!, other: other! };
}

/** Counts how often a thread is told to try again. */
function watched(load: ReturnType<typeof twoThreads>['one']): { calls: number } {
  const seen = { calls: 0 };
  load.watch(() => void seen.calls++);
  return seen;
}

describe('an exchange that waits for a place', () => {
  it('hears of one that another thread gave back just before it could be seen to wait', async () => {
    const { one, other } = twoThreads();
    const seen = watched(other);
    one.tryTake(1);
    // An earlier one has given up, and its thread still listens for places.
    other.wait(1);
    other.wait(-1);
    await pause(0);
    const before = seen.calls;
    one.giveBack();
    other.wait(1);
    await pause(0);
    expect(seen.calls).toBeGreaterThan(before);
    expect(other.tryTake(1)).toBe(true);
  });

  it('gets the place that a thread gives back which wants it again at once', async () => {
    const { one, other } = twoThreads();
    const got = new Promise<void>(resolve => other.watch(() => void (other.tryTake(1) && resolve())));
    one.tryTake(1);
    other.wait(1);
    one.giveBack();
    expect(one.tryTake(1)).toBe(false);
    await got;
  });

  it('does not keep a place from the thread that has given it back for longer than a moment', async () => {
    const { one, other } = twoThreads();
    // This one is too busy to come for it.
    other.watch(() => {});
    other.wait(1);
    const got = new Promise<void>(resolve => one.watch(() => void (one.tryTake(1) && resolve())));
    one.tryTake(1);
    one.giveBack();
    await got;
    expect(one.taken).toBe(1);
  });

  it('is alone, and gets its place in the very turn in which it is given back', () => {
    const { one } = twoThreads();
    watched(one);
    one.tryTake(1);
    one.wait(1);
    one.giveBack();
    expect(one.tryTake(1)).toBe(true);
  });
});
