import { expect, it } from 'vitest';
import { bucketCount, bucketOf, quantilesOf } from './duration-buckets.js';

/** The counts of these durations, and the quantile that they give. */
function quantile(durations: readonly number[], part: number): number | undefined {
  const counts = new Uint32Array(bucketCount);
  for (const duration of durations) counts[bucketOf(duration)]!++;
  return quantilesOf(counts, 0, [part])?.[0];
}

it('tells durations apart from an eighth of a millisecond to a minute, and keeps their order', () => {
  const durations = [0, 0.1, 0.2, 0.5, 1, 1.5, 2, 10, 13, 100, 1_000, 30_000, 65_000, 66_000, 1e9];
  const buckets = durations.map(bucketOf);
  expect(buckets).toEqual([...buckets].toSorted((one, other) => one - other));
  expect([buckets[0], buckets.at(-1), bucketOf(Infinity)]).toEqual([0, bucketCount - 1, bucketCount - 1]);
  expect(new Set(buckets).size).toBe(13);
});

it('gives quantiles that are off by a fifth at most', () => {
  for (const duration of [0.3, 0.9, 1, 3.7, 12, 80, 250, 999, 5_000, 61_000]) {
    const median = quantile(
      Array.from({ length: 100 }, () => duration),
      0.5,
    )!;
    expect(Math.abs(median - duration) / duration).toBeLessThan(0.2);
  }
});

it('finds the few slow ones among many fast ones', () => {
  const durations = [...Array.from({ length: 98 }, () => 10), 2_000, 2_000];
  expect(quantile(durations, 0.5)).toBeLessThan(13);
  expect(quantile(durations, 0.99)).toBeGreaterThan(1_600);
});

it('gives several at once', () => {
  const counts = new Uint32Array(bucketCount);
  for (let duration = 1; duration <= 1_000; duration++) counts[bucketOf(duration)]!++;
  const [half, most, all] = quantilesOf(counts, 0, [0.5, 0.99, 1])!;
  expect(Math.abs(half! - 500)).toBeLessThan(60);
  expect([most! > 900, all! >= most!, all! <= 1_024]).toEqual([true, true, true]);
});

it('has none where nothing was counted', () => {
  expect(quantile([], 0.5)).toBeUndefined();
});
