import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ThreadFigures } from './thread-figures.js';

let figures: ThreadFigures;

function block(milliseconds: number): void {
  const { hrtime } = process;
  const end = hrtime.bigint() + BigInt(milliseconds * 1e6);
  while (hrtime.bigint() < end);
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  figures = new ThreadFigures();
});
afterEach(() => {
  figures.onModuleDestroy();
  vi.useRealTimers();
});

describe('the delay of the event loop', () => {
  it('is the longest one for a minute, however often it is read', async () => {
    // The measurement begins only with the first call of its timer, and a delay is known once the timer was called after it.
    await vi.waitFor(async () => {
      block(40);
      await nextTurn();
      await nextTurn();
      expect(figures.longestDelay()).toBeGreaterThan(0.02);
    });
    for (let n = 0; n < 5; n++) {
      vi.advanceTimersByTime(10_000);
      expect(figures.longestDelay()).toBeGreaterThan(0.02);
    }
    vi.advanceTimersByTime(60_000);
    figures.longestDelay();
    vi.advanceTimersByTime(60_000);
    expect(figures.longestDelay()).toBeLessThan(0.02);
  });
});

describe('the busy time of the event loop', () => {
  it('grows by the time in which it had work, and is given once', async () => {
    const from = process.hrtime.bigint();
    figures.busySeconds();
    block(30);
    const [first, second] = [figures.busySeconds(), figures.busySeconds()];
    const elapsed = Number(process.hrtime.bigint() - from) / 1e9;
    expect(first).toBeGreaterThanOrEqual(0.029);
    expect(first + second).toBeLessThan(elapsed + 0.001);
  });
});
