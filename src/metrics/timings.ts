import type { Histogram } from 'prom-client';

/** One series as prom-client keeps it: not part of its types, and what its exports are made of. */
interface Series {
  readonly labels: object;
  /** By upper bound; each bucket without those below it. */
  readonly bucketValues: Record<string, number>;
  sum: number;
  count: number;
}

/** The durations of one combination of labels. Finding its bucket is all that a request pays. */
export class Timing {
  readonly #counts: number[];
  #sum = 0;
  #count = 0;
  #series: Series | undefined;

  constructor(
    private readonly bounds: readonly number[],
    private readonly labels: Readonly<Record<string, string>>,
  ) {
    this.#counts = bounds.map(() => 0);
  }

  /** Takes in a duration in seconds. */
  observe(seconds: number): void {
    const { bounds } = this;
    let bucket = 0;
    while (bucket < bounds.length && seconds > bounds[bucket]!) bucket++;
    // What is beyond the last bound is counted in the sums alone.
    if (bucket < bounds.length) this.#counts[bucket]!++;
    this.#sum += seconds;
    this.#count++;
  }

  /** Hands over what has come since the last time. A combination shows from its first duration on. */
  drain(histogram: Histogram<string>): void {
    if (this.#count === 0) return;
    const series = (this.#series ??= seriesOf(histogram, this.labels));
    for (const [bucket, bound] of this.bounds.entries()) series.bucketValues[bound]! += this.#counts[bucket]!;
    series.sum += this.#sum;
    series.count += this.#count;
    this.#counts.fill(0);
    this.#sum = 0;
    this.#count = 0;
  }
}

/**
 * Durations that become a histogram's when it is scraped: prom-client's own `observe` hashes and validates the labels and
 * prints the bound each time, which for the two of an exchange costs 2.5 % of it.
 */
export class Timings {
  readonly #timings: Timing[] = [];

  /** `bounds`: those of the histogram, in seconds, in ascending order. */
  constructor(private readonly bounds: readonly number[]) {}

  /** Starts with none. The caller keeps it and sees to it that there is one for each combination. */
  add(labels: Readonly<Record<string, string>>): Timing {
    const timing = new Timing(this.bounds, labels);
    this.#timings.push(timing);
    return timing;
  }

  /** Hands all over. */
  drain(histogram: Histogram<string>): void {
    for (const timing of this.#timings) timing.drain(histogram);
  }
}

/** Starts a series at zero, and finds where the histogram keeps it. */
function seriesOf(histogram: Histogram<string>, labels: Readonly<Record<string, string>>): Series {
  histogram.zero(labels);
  const { hashMap } = histogram as unknown as { readonly hashMap: Readonly<Record<string, Series>> };
  const series = Object.values(hashMap).find(each => each.labels === labels);
  if (series === undefined) throw new Error('prom-client does not keep its series where it used to');
  return series;
}
