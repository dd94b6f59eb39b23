import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Backend } from '../upstream/backend.js';
import { PeakEwma } from './peak-ewma.js';
import { describeStrategy, testBackends } from './testing.js';

describeStrategy('peak-ewma', () => new PeakEwma(Math.random), { describe, it }, { weighted: true });

function setUp(...weights: number[]) {
  const candidates = testBackends(...weights);
  const [fast, slow] = candidates as unknown as [(typeof candidates)[0], (typeof candidates)[0]];
  const sut = new PeakEwma(Math.random);
  const shareOf = (backend: Backend): number =>
    Array.from({ length: 200 }, () => sut.pick(candidates)).filter(each => each === backend).length / 200;
  return { sut, fast, slow, shareOf };
}

describe('peak-ewma', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('prefers the backend that answers sooner', () => {
    const { sut, fast, slow, shareOf } = setUp(1, 1);
    sut.settled(fast, 'success', 10);
    sut.settled(slow, 'success', 50);
    expect(shareOf(fast)).toBe(1);
  });

  it('weighs latency against exchanges in flight', () => {
    const { sut, fast, slow, shareOf } = setUp(1, 1);
    sut.settled(fast, 'success', 10);
    sut.settled(slow, 'success', 50);
    fast.inFlight = 3;
    expect(shareOf(fast)).toBe(1);
    fast.inFlight = 5;
    expect(shareOf(fast)).toBe(0);
  });

  it('weighs latency against weight', () => {
    const { sut, fast, slow, shareOf } = setUp(1, 10);
    sut.settled(fast, 'success', 10);
    sut.settled(slow, 'success', 50);
    expect(shareOf(slow)).toBe(1);
  });

  it('reacts to one peak at once, and to many quick answers slowly', () => {
    const { sut, fast, slow, shareOf } = setUp(1, 1);
    sut.settled(slow, 'success', 50);
    sut.settled(fast, 'success', 10);
    sut.settled(fast, 'success', 500);
    expect(shareOf(fast)).toBe(0);
    vi.advanceTimersByTime(10);
    for (let i = 0; i < 5; i++) sut.settled(fast, 'success', 10);
    expect(shareOf(fast)).toBe(0);
  });

  it('forgives a peak in time', () => {
    const { sut, fast, slow, shareOf } = setUp(1, 1);
    sut.settled(fast, 'success', 500);
    for (let second = 0; second < 60; second++) {
      vi.advanceTimersByTime(1_000);
      sut.settled(slow, 'success', 50);
    }
    expect(shareOf(fast)).toBe(1);
  });

  it('does not take quick failures for quick answers', () => {
    const { sut, fast, slow, shareOf } = setUp(1, 1);
    sut.settled(fast, 'failure', undefined);
    sut.settled(slow, 'success', 200);
    expect(shareOf(fast)).toBe(0);
    expect(shareOf(slow)).toBe(1);
  });

  it('learns nothing from a client that went away before the answer', () => {
    const { sut, fast, slow, shareOf } = setUp(1, 1);
    sut.settled(fast, 'success', 10);
    sut.settled(slow, 'success', 5);
    sut.settled(slow, 'ignored', undefined);
    expect(shareOf(slow)).toBe(1);
  });

  it('sends one request to a backend that it does not know, and no more until that was answered', () => {
    const { sut, fast, slow, shareOf } = setUp(1, 1);
    sut.settled(fast, 'success', 100);
    expect(shareOf(slow)).toBe(1);
    slow.inFlight = 1;
    expect(shareOf(slow)).toBe(0);
    sut.settled(slow, 'success', 20);
    expect(shareOf(slow)).toBe(1);
  });
});
