import { afterEach, describe, expect, it, vi } from 'vitest';
import { wallClockAt } from './wall-clock.js';

afterEach(() => vi.useRealTimers());

describe('the wall clock of spans', () => {
  it('does not move with each reading, and follows one that was set', () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(1_000_000);
    const offset = wallClockAt(500);
    expect(offset + 500).toBe(1_000_000);
    vi.setSystemTime(1_000_004);
    expect(wallClockAt(502)).toBe(offset);
    vi.setSystemTime(2_000_000);
    expect(wallClockAt(503) + 503).toBe(2_000_000);
    vi.setSystemTime(1_500_000);
    expect(wallClockAt(504) + 504).toBe(1_500_000);
  });
});
