import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FailurePause } from './failure-pause.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function pauseOf() {
  const pause = new FailurePause(3, 1000);
  const fail = (): void => {
    expect(pause.tryAsk()).toBe(true);
    pause.settle(false);
  };
  return { pause, fail };
}

describe('a pause after failures', () => {
  it('begins after a few in a row, and ends with the first answer', () => {
    const { pause, fail } = pauseOf();
    for (let i = 0; i < 3; i++) fail();
    expect(pause.tryAsk()).toBe(false);
    vi.advanceTimersByTime(999);
    expect(pause.tryAsk()).toBe(false);
    vi.advanceTimersByTime(1);
    expect(pause.tryAsk()).toBe(true);
    expect(pause.tryAsk()).toBe(false);
    pause.settle(true);
    expect([pause.tryAsk(), pause.tryAsk()]).toEqual([true, true]);
  });

  it('begins again when the one that may ask fails too', () => {
    const { pause, fail } = pauseOf();
    for (let i = 0; i < 3; i++) fail();
    vi.advanceTimersByTime(1500);
    fail();
    vi.advanceTimersByTime(999);
    expect(pause.tryAsk()).toBe(false);
    vi.advanceTimersByTime(1);
    expect(pause.tryAsk()).toBe(true);
  });

  it('does not begin when there was an answer between the failures', () => {
    const { pause, fail } = pauseOf();
    for (let i = 0; i < 10; i++) {
      fail();
      fail();
      pause.settle(true);
    }
    expect(pause.tryAsk()).toBe(true);
  });
});
