import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { patience } from './patience.js';

describe('how long a client still waits for a head', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  const since = (givenAt: number, completeAt?: number) =>
    [completeAt === undefined ? undefined : { completeAt }, givenAt] as const;

  it('is what is left of timeouts.response since the request was there', () => {
    const exchange = since(performance.now());
    expect(patience(...exchange, 1000)).toBe(1000);
    vi.advanceTimersByTime(400);
    expect(patience(...exchange, 1000)).toBe(600);
    vi.advanceTimersByTime(1000);
    expect(patience(...exchange, 1000)).toBe(-400);
  });

  it('has no end without a limit', () => {
    const exchange = since(performance.now());
    vi.advanceTimersByTime(1e7);
    expect(patience(...exchange, 0)).toBe(Infinity);
  });

  it('does not run while the client still sends its body', () => {
    const exchange = since(performance.now(), 0);
    vi.advanceTimersByTime(5000);
    expect(patience(...exchange, 1000)).toBe(1000);
  });

  it('runs from the last byte of the body, or from when that was passed on if it came before', () => {
    const start = performance.now();
    vi.advanceTimersByTime(5000);
    expect(patience(...since(start, start + 4800), 1000)).toBe(800);
    expect(patience(...since(start + 4900, start + 4800), 1000)).toBe(900);
  });
});
