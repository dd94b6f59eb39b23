import { describe, expect, it } from 'vitest';
import { planArrivals } from '#bench/load/arrivals';

/** Numbers in [0, 1) that are the same in each run: a linear congruential generator. */
function seeded(): () => number {
  let state = 1;
  return () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
}

describe('the arrivals of an open-loop load', () => {
  it('come after equal spans when they are even', () => {
    expect([...planArrivals(4, 1.1, 'even')]).toEqual([250, 500, 750, 1000]);
  });

  it('keep the rate when they come by chance, with gaps that vary as a Poisson process has them', () => {
    const due = planArrivals(1000, 20, 'poisson', seeded());
    expect(due.length / 20).toBeGreaterThan(950);
    expect(due.length / 20).toBeLessThan(1050);
    const gaps = [...due].map((time, index) => time - (due[index - 1] ?? 0));
    // Of exponential gaps with a mean of 1 ms, 1 - 1/e are shorter than that.
    const short = gaps.filter(gap => gap < 1).length / gaps.length;
    expect(short).toBeGreaterThan(0.6);
    expect(short).toBeLessThan(0.66);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0);
  });
});
