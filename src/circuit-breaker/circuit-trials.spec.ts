import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CircuitBreakerConfig } from '../config/file/circuit-breaker.config.js';
import { fail, succeed, testCircuits } from './testing.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a half-open circuit', () => {
  function halfOpen(changes: Partial<CircuitBreakerConfig> = {}) {
    const circuit = testCircuits(changes);
    fail(circuit.breaker, 20);
    vi.advanceTimersByTime(circuit.breaker.retryIn);
    circuit.events.length = 0;
    circuit.rejected.length = 0;
    return circuit;
  }

  it('offers its backend again, and only to the first request', () => {
    const { breaker, backend, rejected } = halfOpen();
    expect(backend.vetoes.size).toBe(0);
    const trial = breaker.tryEnter();
    expect(trial).toBeGreaterThan(0);
    expect([...backend.vetoes]).toEqual(['circuit-open']);
    expect(breaker.tryEnter()).toBe(0);
    expect(rejected).toEqual(['orders/b0']);
    expect(breaker.state).toBe('half-open');
  });

  it('closes when the trial succeeds', () => {
    const { breaker, backend, events } = halfOpen();
    succeed(breaker);
    expect(breaker.state).toBe('closed');
    expect(backend.vetoes.size).toBe(0);
    expect(events).toEqual(['half-open > closed: the trial succeeded']);
    const [one, other] = [breaker.tryEnter(), breaker.tryEnter()];
    expect(one).toBeGreaterThan(0);
    expect(other).toBe(one);
  });

  it.each(['hard', 'soft'] as const)('opens again when the trial fails, %s', kind => {
    const { breaker, backend, events } = halfOpen();
    fail(breaker, 1, kind);
    expect(breaker.state).toBe('open');
    expect([...backend.vetoes]).toEqual(['circuit-open']);
    expect(events).toEqual(['half-open > open: the trial failed']);
    expect(breaker.retryIn).toBe(15_000);
    vi.advanceTimersByTime(15_000);
    expect(breaker.state).toBe('half-open');
    expect(backend.vetoes.size).toBe(0);
    succeed(breaker);
    expect(breaker.state).toBe('closed');
  });

  it('lets the next request be the trial when the client breaks the trial off', () => {
    const { breaker, backend, events } = halfOpen();
    for (let n = 0; n < 3; n++) {
      const trial = breaker.tryEnter();
      expect(trial).toBeGreaterThan(0);
      breaker.settle(trial, 'ignored');
      expect(breaker.state).toBe('half-open');
      expect(backend.vetoes.size).toBe(0);
    }
    expect(events).toEqual([]);
    fail(breaker);
    expect(breaker.state).toBe('open');
    vi.advanceTimersByTime(15_000);
    breaker.settle(breaker.tryEnter(), 'ignored');
    succeed(breaker);
    expect(breaker.state).toBe('closed');
  });

  it('does not let a trial that was broken off decide a second time', () => {
    const { breaker } = halfOpen();
    const first = breaker.tryEnter();
    breaker.settle(first, 'ignored');
    breaker.settle(first, 'success');
    const second = breaker.tryEnter();
    breaker.settle(first, 'failure');
    expect(breaker.state).toBe('half-open');
    breaker.settle(second, 'success');
    expect(breaker.state).toBe('closed');
  });

  it('does not wait for a trial that decides nothing: another may enter after each openFor, and the first that ends decides', () => {
    const { breaker, backend } = halfOpen();
    const slow = breaker.tryEnter();
    vi.advanceTimersByTime(14_999);
    expect(breaker.tryEnter()).toBe(0);
    vi.advanceTimersByTime(1);
    expect(backend.vetoes.size).toBe(0);
    const second = breaker.tryEnter();
    expect(second).toBeGreaterThan(0);
    expect([...backend.vetoes]).toEqual(['circuit-open']);
    expect(breaker.tryEnter()).toBe(0);
    vi.advanceTimersByTime(15_000);
    const third = breaker.tryEnter();
    breaker.settle(third, 'ignored');
    expect(breaker.state).toBe('half-open');
    breaker.settle(slow, 'success');
    expect(breaker.state).toBe('closed');
    breaker.settle(second, 'failure');
    expect(breaker.state).toBe('closed');
  });

  it('opens again by the second trial while the first goes on, and is not changed by how the first ends', () => {
    const { breaker } = halfOpen();
    const slow = breaker.tryEnter();
    vi.advanceTimersByTime(15_000);
    fail(breaker);
    expect(breaker.state).toBe('open');
    breaker.settle(slow, 'success');
    expect(breaker.state).toBe('open');
  });

  it('keeps others out while one of two trials is broken off', () => {
    const { breaker, backend } = halfOpen();
    const slow = breaker.tryEnter();
    vi.advanceTimersByTime(15_000);
    breaker.tryEnter();
    breaker.settle(slow, 'ignored');
    expect(breaker.tryEnter()).toBe(0);
    expect([...backend.vetoes]).toEqual(['circuit-open']);
  });

  it('is closed by the head of a good answer, and opened by that of a bad one', () => {
    const good = halfOpen();
    const answered = good.breaker.begun(good.breaker.tryEnter(), 'success');
    expect([good.breaker.state, good.backend.vetoes.size]).toEqual(['closed', 0]);
    good.breaker.settle(answered, 'success');
    const bad = halfOpen();
    expect(bad.breaker.begun(bad.breaker.tryEnter(), 'failure', 'soft')).toBe(0);
    expect(bad.breaker.state).toBe('open');
  });

  it('is opened again when the answer of the trial breaks behind its head, unless another has succeeded since', () => {
    const { breaker, events } = halfOpen();
    const answered = breaker.begun(breaker.tryEnter(), 'success');
    breaker.settle(answered, 'failure', 'hard');
    expect(events.at(-1)).toBe('closed > open: the answer of the trial broke');
    vi.advanceTimersByTime(15_000);
    const other = breaker.begun(breaker.tryEnter(), 'success');
    succeed(breaker);
    breaker.settle(other, 'failure', 'hard');
    expect(breaker.state).toBe('closed');
  });

  it('lets the end of a trial decide nothing once the circuit has changed again', () => {
    const { breaker } = halfOpen();
    const answered = breaker.begun(breaker.tryEnter(), 'success');
    fail(breaker, 20, 'hard');
    vi.advanceTimersByTime(15_000);
    breaker.settle(answered, 'failure', 'hard');
    expect(breaker.state).toBe('half-open');
  });

  it('forgets the failures from before when it closes, also when they are still in the window', () => {
    const { breaker } = halfOpen({ openFor: 1_000 });
    succeed(breaker);
    fail(breaker, 19);
    expect(breaker.state).toBe('closed');
    fail(breaker);
    expect(breaker.state).toBe('open');
  });

  it('begins to count hard failures in a row anew when it closes', () => {
    const { breaker } = halfOpen();
    succeed(breaker);
    succeed(breaker, 100);
    fail(breaker, 19, 'hard');
    expect(breaker.state).toBe('closed');
    fail(breaker, 1, 'hard');
    expect(breaker.state).toBe('open');
  });
});
