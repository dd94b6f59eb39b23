import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fail, succeed, testCircuits } from './testing.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a closed circuit', () => {
  it('opens when exactly the threshold of the requests has failed, and not before', () => {
    const { breaker, events, backend } = testCircuits();
    succeed(breaker, 10);
    fail(breaker, 9);
    expect(breaker.state).toBe('closed');
    expect(backend.vetoes.size).toBe(0);
    fail(breaker);
    expect(breaker.state).toBe('open');
    expect([...backend.vetoes]).toEqual(['circuit-open']);
    expect(events).toEqual(['closed > open: 10 of 20 requests failed']);
  });

  it('stays closed just below the threshold', () => {
    const { breaker } = testCircuits();
    succeed(breaker, 11);
    fail(breaker, 10);
    expect(breaker.state).toBe('closed');
    fail(breaker);
    expect(breaker.state).toBe('open');
  });

  it('stays closed while the window has fewer requests than the volume threshold', () => {
    const { breaker } = testCircuits();
    fail(breaker, 19);
    expect(breaker.state).toBe('closed');
    fail(breaker);
    expect(breaker.state).toBe('open');
  });

  it.each([0.07, 0.29, 0.57, 0.58, 0.14, 0.01, 0.99, 1])(
    'opens at %d of the requests, however it is rounded',
    share => {
      const failures = Math.round(share * 100);
      const { breaker } = testCircuits({ errorThreshold: share, volumeThreshold: 100 });
      succeed(breaker, 100 - failures);
      fail(breaker, failures - 1);
      expect(breaker.state).toBe('closed');
      fail(breaker);
      expect(breaker.state).toBe('open');
      const other = testCircuits({ errorThreshold: share, volumeThreshold: 100 }).breaker;
      succeed(other, 101 - failures);
      fail(other, failures);
      expect(other.state).toBe('closed');
    },
  );

  it('opens at the first failure when the threshold is 0% and the volume 1', () => {
    const { breaker } = testCircuits({ errorThreshold: 0, volumeThreshold: 1 });
    succeed(breaker, 5);
    expect(breaker.state).toBe('closed');
    fail(breaker);
    expect(breaker.state).toBe('open');
  });

  it('forgets what has left the window', () => {
    const { breaker } = testCircuits();
    fail(breaker, 19);
    vi.advanceTimersByTime(9_999);
    succeed(breaker);
    vi.advanceTimersByTime(1);
    fail(breaker);
    expect(breaker.state).toBe('closed');
  });

  it('still counts what is in the last tenth of the window', () => {
    const { breaker } = testCircuits();
    fail(breaker, 19);
    vi.advanceTimersByTime(9_999);
    fail(breaker);
    expect(breaker.state).toBe('open');
  });

  it('never counts a request that the client broke off', () => {
    const { breaker } = testCircuits({ volumeThreshold: 2 });
    for (let n = 0; n < 100; n++) breaker.settle(breaker.tryEnter(), 'ignored');
    fail(breaker);
    expect(breaker.state).toBe('closed');
    fail(breaker);
    expect(breaker.state).toBe('open');
  });

  it('opens after so many hard failures in a row as the volume threshold, in spite of older successes', () => {
    const { breaker, events } = testCircuits();
    succeed(breaker, 1_000);
    fail(breaker, 19, 'hard');
    expect(breaker.state).toBe('closed');
    fail(breaker, 1, 'hard');
    expect(breaker.state).toBe('open');
    expect(events).toEqual(['closed > open: 20 hard failures in a row']);
  });

  it('opens after hard failures in a row at night, when the window never has enough requests', () => {
    const { breaker } = testCircuits({ volumeThreshold: 3 });
    for (let n = 0; n < 3; n++) {
      expect(breaker.state).toBe('closed');
      fail(breaker, 1, 'hard');
      vi.advanceTimersByTime(60_000);
    }
    expect(breaker.tryEnter()).toBeGreaterThan(0);
    expect(breaker.state).toBe('half-open');
  });

  it('begins to count hard failures anew after a success', () => {
    const { breaker } = testCircuits();
    succeed(breaker, 1_000);
    fail(breaker, 19, 'hard');
    succeed(breaker);
    fail(breaker, 19, 'hard');
    expect(breaker.state).toBe('closed');
  });

  it('does not open on soft failures in a row while older successes fill the window', () => {
    const { breaker } = testCircuits();
    succeed(breaker, 1_000);
    fail(breaker, 100, 'soft');
    expect(breaker.state).toBe('closed');
  });

  it('takes a failure without a kind for a hard one', () => {
    const { breaker, events } = testCircuits({ volumeThreshold: 2 });
    succeed(breaker, 100);
    for (let n = 0; n < 2; n++) breaker.settle(breaker.tryEnter(), 'failure');
    expect(events).toEqual(['closed > open: 2 hard failures in a row']);
  });
});

describe('an open circuit', () => {
  it('admits no request, and says for how long', () => {
    const { breaker, rejected } = testCircuits();
    expect(breaker.retryIn).toBe(0);
    fail(breaker, 20);
    expect(breaker.tryEnter()).toBe(0);
    expect(rejected).toEqual(['orders/b0']);
    expect(breaker.retryIn).toBe(15_000);
    vi.advanceTimersByTime(14_999);
    expect(breaker.retryIn).toBe(1);
    expect(breaker.state).toBe('open');
    vi.advanceTimersByTime(1);
    expect(breaker.state).toBe('half-open');
    expect(breaker.retryIn).toBe(0);
  });

  it('is not changed by requests that began before it opened', () => {
    const { breaker, backend } = testCircuits();
    const before = Array.from({ length: 4 }, () => breaker.tryEnter());
    fail(breaker, 20);
    breaker.settle(before[0]!, 'success');
    expect(breaker.state).toBe('open');
    vi.advanceTimersByTime(15_000);
    breaker.settle(before[1]!, 'success');
    expect(breaker.state).toBe('half-open');
    const trial = breaker.tryEnter();
    breaker.settle(before[2]!, 'success');
    breaker.settle(before[3]!, 'failure');
    expect(breaker.state).toBe('half-open');
    expect([...backend.vetoes]).toEqual(['circuit-open']);
    breaker.settle(trial, 'success');
    expect(breaker.state).toBe('closed');
  });

  it('ignores the ticket of a request that was not admitted', () => {
    const { breaker, events } = testCircuits();
    fail(breaker, 20);
    breaker.settle(0, 'success');
    vi.advanceTimersByTime(15_000);
    breaker.settle(0, 'success');
    expect(breaker.state).toBe('half-open');
    expect(events).toHaveLength(2);
  });
});

describe('the head of an answer', () => {
  it('decides nothing while the circuit is closed: the end does', () => {
    const { breaker } = testCircuits({ volumeThreshold: 1 });
    const ticket = breaker.tryEnter();
    expect(breaker.begun(ticket, 'failure')).toBe(ticket);
    expect(breaker.state).toBe('closed');
    breaker.settle(ticket, 'failure');
    expect(breaker.state).toBe('open');
  });
});
