import { describe, expect, it } from 'vitest';
import { WorkQueue } from './work-queue.js';

describe('a queue of work', () => {
  it('runs a few at a time, lets a few wait in their order, and takes no more', async () => {
    const queue = new WorkQueue(2, 2);
    const started: number[] = [];
    const gates = [0, 1, 2, 3].map(() => Promise.withResolvers<number>());
    const all = gates.map(({ promise }, index) =>
      queue.run(() => {
        started.push(index);
        return promise;
      }),
    );
    expect(queue.run(() => Promise.resolve(4))).toBeUndefined();
    expect(started).toEqual([0, 1]);
    gates[1]!.resolve(11);
    expect(await all[1]).toBe(11);
    expect(started).toEqual([0, 1, 2]);
    for (const gate of gates) gate.resolve(0);
    for (const work of all) await work;
    expect(started).toEqual([0, 1, 2, 3]);
    expect(await queue.run(() => Promise.resolve(5))).toBe(5);
  });

  it('goes on after work that has failed', async () => {
    const queue = new WorkQueue(1, 1);
    const bad = queue.run(() => Promise.reject(new Error('no')));
    const good = queue.run(() => Promise.resolve('good'));
    await expect(bad).rejects.toThrow('no');
    expect(await good).toBe('good');
  });
});
