import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { OutlierConfig, type CircuitBreakerConfig } from '../config/file/circuit-breaker.config.js';
import type { CircuitBreaker } from './circuit-breaker.js';
import { fail, succeed, testCircuits } from './testing.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const compared = (outlier: Partial<OutlierConfig> = {}, changes: Partial<CircuitBreakerConfig> = {}, count = 3) =>
  testCircuits({ ...changes, outlier: Object.assign(new OutlierConfig(), outlier) }, count, false);

/** Sends `requests` to each breaker, of which its share fails with answers of the kind `outlying`; the clock goes on. */
function traffic(breakers: readonly CircuitBreaker[], requests: number, shares: readonly number[]): void {
  for (let request = 1; request <= requests; request++) {
    for (const [at, breaker] of breakers.entries()) {
      const isBad = Math.floor(request * shares[at]!) > Math.floor((request - 1) * shares[at]!);
      const ticket = breaker.tryEnter();
      if (ticket !== 0) breaker.settle(ticket, isBad ? 'failure' : 'success', isBad ? 'outlying' : undefined);
    }
    vi.advanceTimersByTime(5);
  }
}

const states = (breakers: readonly CircuitBreaker[]): string[] => breakers.map(({ state }) => state);

describe('a backend that fails many times as often as its peers', () => {
  it.each([
    { shares: [0.5, 0, 0], opens: true },
    { shares: [0.12, 0, 0.01], opens: true },
    { shares: [0.5, 0.02, 0.05], opens: true },
    { shares: [0.09, 0, 0], opens: false },
    { shares: [0.4, 0.1, 0.1], opens: false },
    { shares: [0.45, 0.45, 0.45], opens: false },
    { shares: [0, 0, 0], opens: false },
  ])('has its circuit opened, and no other has: shares of $shares', ({ shares, opens }) => {
    const { breakers, events } = compared();
    traffic(breakers, 200, shares);
    expect(states(breakers)).toEqual([opens ? 'open' : 'closed', 'closed', 'closed']);
    if (opens) expect(events[0]).toMatch(/^closed > open: an outlier: \d+ of \d+ requests failed$/);
  });

  it('is let alone while it, or its peers, have had too few requests', () => {
    const { breakers } = compared();
    traffic(breakers, 49, [0.5, 0, 0]);
    expect(breakers[0]!.state).toBe('closed');
    traffic(breakers, 2, [1, 0, 0]);
    expect(breakers[0]!.state).toBe('open');
    const quiet = compared();
    traffic(quiet.breakers.slice(0, 1), 200, [0.4]);
    expect(quiet.breakers[0]!.state).toBe('closed');
  });

  it('is let alone where nothing is compared, and where it is the only one', () => {
    const off = testCircuits({}, 3);
    traffic(off.breakers, 200, [0.5, 0, 0]);
    expect(states(off.breakers)).toEqual(['closed', 'closed', 'closed']);
    const alone = compared({}, {}, 1);
    traffic(alone.breakers, 200, [0.5]);
    expect(alone.breakers[0]!.state).toBe('closed');
  });

  it('stays in use where maxOpen is reached', () => {
    const { breakers } = compared({}, { maxOpen: 0.4 }, 4);
    breakers[3]!.open();
    traffic(breakers.slice(0, 3), 200, [0.5, 0, 0]);
    expect(breakers[0]!.state).toBe('closed');
  });

  it('is compared by its failures of any kind', () => {
    const { breakers } = compared();
    succeed(breakers[1]!, 100);
    succeed(breakers[0]!, 80);
    fail(breakers[0]!, 5, 'hard');
    expect(breakers[0]!.state).toBe('closed');
    vi.advanceTimersByTime(100);
    fail(breakers[0]!, 8, 'soft');
    expect(breakers[0]!.state).toBe('open');
  });

  it('is out longer each time, up to ten times openFor, and as long as at first once it has been well for a while', () => {
    const { breakers } = compared({}, { openFor: 1_000, window: 1_000 });
    const outFor = (): number => {
      for (let n = 0; n < 100 && breakers[0]!.state === 'closed'; n++) traffic(breakers, 10, [0.5, 0, 0]);
      return Math.round(breakers[0]!.retryIn / 100) * 100;
    };
    const times: number[] = [];
    for (let n = 0; n < 12; n++) {
      times.push(outFor());
      vi.advanceTimersByTime(breakers[0]!.retryIn);
      succeed(breakers[0]!);
    }
    expect(times.slice(0, 4)).toEqual([1_000, 2_000, 3_000, 4_000]);
    expect(times.at(-1)).toBe(10_000);
    traffic(breakers, 2_500, [0, 0, 0]);
    expect(outFor()).toBe(1_000);
  });

  it('comes back when its trial is good, and stays out when the trial is answered as it was before', () => {
    const { breakers, backends } = compared();
    traffic(breakers, 200, [0.5, 0, 0]);
    expect(backends[0]!.returnsSlowly).toBe(true);
    vi.advanceTimersByTime(15_000);
    breakers[0]!.settle(breakers[0]!.tryEnter(), 'failure', 'outlying');
    expect([breakers[0]!.state, breakers[0]!.retryIn]).toEqual(['open', 30_000]);
    vi.advanceTimersByTime(30_000);
    succeed(breakers[0]!);
    expect([breakers[0]!.state, backends[0]!.returnsSlowly]).toEqual(['closed', false]);
  });
});

describe('an answer that counts only beside those of the peers', () => {
  it('is a success for everything else: it closes a circuit, and opens none', () => {
    const { breaker } = testCircuits({ volumeThreshold: 1 });
    for (let n = 0; n < 40; n++) breaker.settle(breaker.tryEnter(), 'failure', 'outlying');
    expect(breaker.state).toBe('closed');
    fail(breaker, 1, 'hard');
    vi.advanceTimersByTime(15_000);
    breaker.settle(breaker.begun(breaker.tryEnter(), 'failure', 'outlying'), 'failure', 'outlying');
    expect(breaker.state).toBe('closed');
  });
});
