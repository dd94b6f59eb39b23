import { describe, expect, it } from 'vitest';
import { addedLatency, type LatencySample } from '#bench/parts/latency';

const sampleOf = (p50: number, p99: number): LatencySample => ({
  ...{ requests: 1000, errors: 0, late: 0.1, busy: 0.2, p50, p99 },
});

describe('the latency that a proxy adds', () => {
  it('is what it takes beyond the backend in the same round', () => {
    const base = [sampleOf(1, 2), sampleOf(5, 9), sampleOf(1, 2)];
    const proxied = [sampleOf(2, 4), sampleOf(6, 11), sampleOf(2, 4)];
    expect(addedLatency(proxied, base)).toEqual({ p50: 1, p99: 2 });
  });

  it('is the median over the rounds, so that one round under a disturbance does not count', () => {
    const base = [sampleOf(1, 1), sampleOf(1, 1), sampleOf(1, 1)];
    const proxied = [sampleOf(2, 2), sampleOf(50, 90), sampleOf(2, 2)];
    expect(addedLatency(proxied, base)).toEqual({ p50: 1, p99: 1 });
  });
});
