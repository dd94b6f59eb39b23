import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CircuitBreaker } from './circuit-breaker.js';
import { fail, succeed, testCircuits } from './testing.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('by hand', () => {
  it('a circuit is held open until it is closed', () => {
    const { breaker, backend, events } = testCircuits();
    const before = breaker.tryEnter();
    breaker.open();
    expect(breaker.state).toBe('open');
    expect(breaker.retryIn).toBe(Infinity);
    expect([...backend.vetoes]).toEqual(['circuit-open']);
    expect(breaker.tryEnter()).toBe(0);
    breaker.settle(before, 'success');
    vi.advanceTimersByTime(3_600_000);
    expect(breaker.state).toBe('open');
    breaker.close();
    expect(breaker.state).toBe('closed');
    expect(breaker.retryIn).toBe(0);
    expect(backend.vetoes.size).toBe(0);
    expect(events).toEqual(['closed > open: by hand', 'open > closed: by hand']);
  });

  it('a circuit that opened by itself can be held open', () => {
    const { breaker, events } = testCircuits();
    fail(breaker, 20);
    breaker.open();
    expect(breaker.retryIn).toBe(Infinity);
    vi.advanceTimersByTime(60_000);
    expect(breaker.state).toBe('open');
    breaker.reset();
    expect(breaker.state).toBe('closed');
    expect(events).toEqual(['closed > open: 20 of 20 requests failed', 'open > closed: by hand']);
    fail(breaker, 20);
    expect(breaker.retryIn).toBe(15_000);
    vi.advanceTimersByTime(15_000);
    expect(breaker.state).toBe('half-open');
  });

  it('a trial under way decides nothing any more', () => {
    const { breaker, backend, events } = testCircuits();
    fail(breaker, 20);
    vi.advanceTimersByTime(15_000);
    const trial = breaker.tryEnter();
    breaker.open();
    breaker.settle(trial, 'success');
    expect(breaker.state).toBe('open');
    expect([...backend.vetoes]).toEqual(['circuit-open']);
    breaker.close();
    breaker.settle(trial, 'failure');
    expect(breaker.state).toBe('closed');
    expect(backend.vetoes.size).toBe(0);
    expect(events.slice(2)).toEqual(['half-open > open: by hand', 'open > closed: by hand']);
  });

  it('closing keeps the window, resetting forgets it', () => {
    const { breaker } = testCircuits();
    fail(breaker, 20);
    breaker.close();
    fail(breaker);
    expect(breaker.state).toBe('open');
    breaker.reset();
    fail(breaker, 19);
    expect(breaker.state).toBe('closed');
  });

  it('resetting a closed circuit forgets the window and what is under way', () => {
    const { breaker, events } = testCircuits();
    fail(breaker, 19, 'hard');
    const before = breaker.tryEnter();
    breaker.reset();
    breaker.settle(before, 'failure');
    fail(breaker, 19, 'hard');
    expect(breaker.state).toBe('closed');
    expect(events).toEqual([]);
  });

  it('doing what is done already is no event', () => {
    const { breaker, events } = testCircuits();
    breaker.close();
    breaker.open();
    breaker.open();
    expect(events).toEqual(['closed > open: by hand']);
  });

  it('a circuit that was closed opens and becomes half-open by itself as ever', () => {
    const { breaker } = testCircuits();
    fail(breaker, 20);
    vi.advanceTimersByTime(10_000);
    breaker.reset();
    vi.advanceTimersByTime(5_000);
    expect(breaker.state).toBe('closed');
    fail(breaker, 20);
    vi.advanceTimersByTime(14_999);
    expect(breaker.state).toBe('open');
    vi.advanceTimersByTime(1);
    expect(breaker.state).toBe('half-open');
  });
});

describe('vetoes', () => {
  it('change only when the circuit does', () => {
    const { breaker, backend } = testCircuits();
    const veto = vi.spyOn(backend, 'veto');
    const lift = vi.spyOn(backend, 'lift');
    succeed(breaker, 1_000);
    fail(breaker, 100);
    expect(veto).not.toHaveBeenCalled();
    expect(lift).not.toHaveBeenCalled();
  });

  it('of others stay', () => {
    const { breaker, backend } = testCircuits();
    backend.veto('unhealthy');
    breaker.open();
    breaker.close();
    expect([...backend.vetoes]).toEqual(['unhealthy']);
  });

  it('say why', () => {
    const { breaker, backend } = testCircuits();
    fail(breaker, 20);
    expect(backend.reasons.get('circuit-open')).toBe('20 of 20 requests failed');
    vi.advanceTimersByTime(15_000);
    breaker.tryEnter();
    expect(backend.reasons.get('circuit-open')).toBe('a trial is under way');
  });
});

describe('the end', () => {
  it('leaves no timer behind, and outcomes that arrive later do no harm', () => {
    const { factory, breakers } = testCircuits({}, 2);
    const [a, b] = breakers as [CircuitBreaker, CircuitBreaker];
    fail(a, 20);
    const late = b.tryEnter();
    expect(vi.getTimerCount()).toBeGreaterThan(0);
    factory.close();
    expect(vi.getTimerCount()).toBe(0);
    b.settle(late, 'failure');
    fail(b, 40, 'hard');
    succeed(b, 40);
    expect([a.state, a.tryEnter()]).toEqual(['open', 0]);
    expect(b.state).toBe('closed');
    a.close();
    fail(a, 40, 'hard');
    expect(a.state).toBe('closed');
    expect(vi.getTimerCount()).toBe(0);
  });
});
