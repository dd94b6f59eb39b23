import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { UnderWay } from './lasting/under-way.js';
import { Pause } from './pause.js';

describe('the pause between two attempts', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  const begin = () => {
    const exchange: { underWay: UnderWay | undefined } = { underWay: undefined };
    const seen: unknown[] = [];
    exchange.underWay = new Pause(100, exchange, { next: () => seen.push(exchange.underWay) });
    return { exchange, seen };
  };

  it('has the next attempt made when it is over, and is not under way any more then', () => {
    const { seen } = begin();
    vi.advanceTimersByTime(99);
    expect(seen).toEqual([]);
    vi.advanceTimersByTime(1_000);
    expect(seen).toEqual([undefined]);
  });

  it('has none made once it is given up', () => {
    const { exchange, seen } = begin();
    exchange.underWay!.giveUp();
    vi.advanceTimersByTime(1_000);
    expect([seen, vi.getTimerCount()]).toEqual([[], 0]);
  });
});
