import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CircuitBreaker } from './circuit-breaker.js';
import { fail, succeed, testCircuits } from './testing.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('soft failures', () => {
  it.each([
    { backends: 1, maxOpen: 0.5, most: 0 },
    { backends: 1, maxOpen: 1, most: 1 },
    { backends: 2, maxOpen: 0.9, most: 1 },
    { backends: 3, maxOpen: 0.5, most: 1 },
    { backends: 4, maxOpen: 0.5, most: 2 },
    { backends: 10, maxOpen: 0.5, most: 5 },
    { backends: 10, maxOpen: 0.29, most: 2 },
    { backends: 100, maxOpen: 0.29, most: 29 },
    { backends: 3, maxOpen: 0, most: 1 },
    { backends: 3, maxOpen: 1, most: 3 },
  ])('open at most $most of $backends circuits when maxOpen is $maxOpen', ({ backends, maxOpen, most }) => {
    const { breakers } = testCircuits({ maxOpen }, backends, false);
    for (const breaker of breakers) fail(breaker, 40, 'soft');
    expect(breakers.filter(({ state }) => state === 'open')).toHaveLength(most);
  });

  it('do not open a further circuit while another is half-open or held open by hand', () => {
    const { breakers } = testCircuits({}, 3);
    const [a, b, c] = breakers as [CircuitBreaker, CircuitBreaker, CircuitBreaker];
    fail(a, 20, 'soft');
    vi.advanceTimersByTime(15_000);
    fail(b, 30, 'soft');
    expect([a.state, b.state]).toEqual(['half-open', 'closed']);
    succeed(a);
    c.open();
    fail(b, 1, 'soft');
    expect(b.state).toBe('closed');
    c.close();
    fail(b, 1, 'soft');
    expect(b.state).toBe('open');
  });

  it('open a circuit that was refused as soon as there is room', () => {
    const { breakers, events } = testCircuits({}, 2);
    const [a, b] = breakers as [CircuitBreaker, CircuitBreaker];
    fail(a, 20, 'soft');
    fail(b, 25, 'soft');
    expect(b.state).toBe('closed');
    a.reset();
    expect(b.state).toBe('closed');
    fail(b, 1, 'soft');
    expect(b.state).toBe('open');
    expect(events.at(-1)).toBe('closed > open: 26 of 26 requests failed');
  });

  it('do not keep a failed trial from opening its circuit again while another is in use', () => {
    const { breakers } = testCircuits({}, 3);
    const [a, b] = breakers as [CircuitBreaker, CircuitBreaker];
    fail(a, 20, 'soft');
    b.open();
    vi.advanceTimersByTime(15_000);
    fail(a, 1, 'soft');
    expect(a.state).toBe('open');
  });

  it('open the last circuit that is closed where there is a fallback, and nowhere else', () => {
    for (const [hasFallback, state] of [
      [true, 'open'],
      [false, 'closed'],
    ] as const) {
      const { breaker } = testCircuits({}, 1, hasFallback);
      fail(breaker, 100, 'soft');
      expect(breaker.state).toBe(state);
    }
  });

  it.each(['unhealthy', 'draining'] as const)('do not take out the only backend while the others are %s', veto => {
    const { breakers, backends } = testCircuits({}, 2);
    backends[1]!.veto(veto);
    fail(breakers[0]!, 100, 'soft');
    expect(breakers[0]!.state).toBe('closed');
    backends[1]!.lift(veto);
    fail(breakers[0]!, 1, 'soft');
    expect(breakers[0]!.state).toBe('open');
  });

  it('of a trial close the circuit of a backend that has come back and is the only one', () => {
    const { breaker, events } = testCircuits({}, 1, false);
    fail(breaker, 20, 'hard');
    vi.advanceTimersByTime(15_000);
    fail(breaker, 1, 'soft');
    expect(events.at(-1)).toBe('half-open > closed: the trial was answered, and no other backend is left');
    fail(breaker, 100, 'soft');
    expect(breaker.state).toBe('closed');
  });
});

describe('hard failures', () => {
  it('open every circuit of an upstream', () => {
    const { breakers } = testCircuits({}, 4);
    for (const breaker of breakers) {
      succeed(breaker, 10);
      fail(breaker, 10, 'hard');
    }
    expect(breakers.map(({ state }) => state)).toEqual(['open', 'open', 'open', 'open']);
  });

  it('open one beyond maxOpen when they alone reach the threshold, and not one failure earlier', () => {
    const { breakers, events } = testCircuits({}, 2);
    const [a, b] = breakers as [CircuitBreaker, CircuitBreaker];
    a.open();
    // 9 of 20 are hard, 15 of 20 failed; then 10 of 20 and 11 of 22.
    for (let n = 0; n < 5; n++) succeed(b);
    fail(b, 9, 'hard');
    fail(b, 6, 'soft');
    expect(b.state).toBe('closed');
    fail(b, 1, 'hard');
    expect(b.state).toBe('closed');
    fail(b, 1, 'hard');
    expect(b.state).toBe('open');
    expect(events.at(-1)).toBe('closed > open: 17 of 22 requests failed');
  });

  it('leave the window with the other counts', () => {
    const { breakers } = testCircuits({ volumeThreshold: 10 }, 2);
    const [a, b] = breakers as [CircuitBreaker, CircuitBreaker];
    a.open();
    fail(b, 9, 'hard');
    vi.advanceTimersByTime(10_000);
    succeed(b);
    fail(b, 9, 'soft');
    expect(b.state).toBe('closed');
    fail(b, 1, 'soft');
    expect(b.state).toBe('closed');
  });

  it('count as such when they are those of a trial', () => {
    const { breakers, events } = testCircuits({ errorThreshold: 0.25, volumeThreshold: 2, openFor: 1_000 }, 2);
    const [a, b] = breakers as [CircuitBreaker, CircuitBreaker];
    fail(a, 2, 'soft');
    vi.advanceTimersByTime(1_000);
    fail(a, 1, 'hard');
    a.close();
    b.open();
    fail(a, 1, 'soft');
    expect(events.at(-1)).toBe('closed > open: 4 of 4 requests failed');
  });

  it('do not reach a threshold of 0% when there are none', () => {
    const { breakers } = testCircuits({ errorThreshold: 0, volumeThreshold: 1 }, 2);
    const [a, b] = breakers as [CircuitBreaker, CircuitBreaker];
    a.open();
    fail(b, 5, 'soft');
    expect(b.state).toBe('closed');
  });
});
