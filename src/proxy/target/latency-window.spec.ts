import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LatencyWindow } from './latency-window.js';

/** The smallest of the values that 95 % do not exceed, the slow way. */
function naiveP95(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted.find(each => sorted.filter(other => other <= each).length >= 0.95 * sorted.length)!;
}

function windowOf(values: readonly number[]): LatencyWindow {
  const window = new LatencyWindow();
  for (const value of values) window.add(value);
  return window;
}

const latencies = fc.array(fc.double({ min: 0, max: 60_000, noNaN: true }), { minLength: 20, maxLength: 1500 });

describe('the latency window', () => {
  it('gives no quantile of fewer than twenty', () => {
    const window = windowOf(Array<number>(19).fill(1));
    expect(window.p95).toBeUndefined();
    window.add(1);
    expect(window.p95).toBe(1);
  });

  it('gives what 95 % of the last 512 do not exceed', () => {
    fc.assert(
      fc.property(latencies, values => {
        expect(windowOf(values).p95).toBe(naiveP95(values.slice(-512)));
      }),
    );
  });

  it('is never older than 64 latencies, however often it is asked', () => {
    fc.assert(
      fc.property(latencies, values => {
        const window = new LatencyWindow();
        for (const [index, value] of values.entries()) {
          window.add(value);
          expect(window.p95 === undefined).toBe(index < 19);
        }
        // At the last look it was the exact quantile of one of the last 64 moments.
        const moments = Array.from({ length: 65 }, (_, back) => values.length - back).filter(end => end >= 20);
        const possible = moments.map(end => naiveP95(values.slice(Math.max(0, end - 512), end)));
        expect(possible).toContain(window.p95);
      }),
      { numRuns: 15 },
    );
  });

  it('forgets a slow time once 512 faster ones have come', () => {
    const window = windowOf(Array<number>(600).fill(5000));
    expect(window.p95).toBe(5000);
    for (let number = 0; number < 600; number++) window.add(10);
    expect(window.p95).toBe(10);
  });
});
