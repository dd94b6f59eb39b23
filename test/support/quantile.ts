/** The value below which this share (0..1) of the values lies; NaN when there is none. The values may have any order. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

/** The middle value; NaN when there is none. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}
