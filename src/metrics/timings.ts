import { Gauge, Histogram, type HistogramConfiguration } from 'prom-client';

/** The durations of one combination of labels. Finding its bucket is all that a request pays. */
export class Timing {
  /** By bound; each without those below it. */
  readonly counts: number[];
  sum = 0;
  count = 0;

  constructor(
    private readonly bounds: readonly number[],
    readonly labels: Readonly<Record<string, string>>,
  ) {
    this.counts = bounds.map(() => 0);
  }

  /** Takes in a duration in seconds. */
  observe(seconds: number): void {
    const { bounds } = this;
    let bucket = 0;
    while (bucket < bounds.length && seconds > bounds[bucket]!) bucket++;
    // What is beyond the last bound is counted in the sums alone.
    if (bucket < bounds.length) this.counts[bucket]!++;
    this.sum += seconds;
    this.count++;
  }
}

/**
 * Durations that are counted here and shown by a {@link TimingHistogram}: prom-client's own `observe` hashes and validates the labels and
 * prints the bound each time, which for the two of an exchange costs 2.5 % of it.
 */
export class Timings implements Iterable<Timing> {
  readonly #timings: Timing[] = [];

  /** `bounds`: upper bounds of the buckets, in seconds, in ascending order. */
  constructor(readonly bounds: readonly number[]) {}

  /** Starts with none. The caller keeps it and sees to it that there is one for each combination. */
  add(labels: Readonly<Record<string, string>>): Timing {
    const timing = new Timing(this.bounds, labels);
    this.#timings.push(timing);
    return timing;
  }

  [Symbol.iterator](): Iterator<Timing> {
    return this.#timings.values();
  }
}

/** What a registry asks its metrics for at a scrape. */
type Scraped = ReturnType<Histogram<string>['get']>;
type Sample = Awaited<Scraped>['values'][number];

/**
 * A histogram of {@link Timings}, made when it is scraped. A combination of labels shows from its first duration on.
 *
 * prom-client's `Histogram` cannot be filled but by single observations, and a registry does not ask a subclass of it for its `get()` when it
 * writes text. A gauge it does ask, so this is one, which says of itself what a histogram does.
 */
export class TimingHistogram extends Gauge<string> {
  readonly #timings: Timings;
  readonly #described: Histogram<string>;

  constructor(
    timings: Timings,
    configuration: Pick<HistogramConfiguration<string>, 'name' | 'help' | 'labelNames' | 'registers'>,
  ) {
    super(configuration);
    this.#timings = timings;
    this.#described = new Histogram({ ...configuration, buckets: [...timings.bounds], registers: [] });
  }

  override async get(): Scraped {
    const { name, ...described } = await this.#described.get();
    const values: Sample[] = [];
    for (const timing of this.#timings) if (timing.count > 0) addSamples(values, name, this.#timings.bounds, timing);
    return { ...described, name, values };
  }
}

function addSamples(
  to: Sample[],
  name: string,
  bounds: readonly number[],
  { counts, sum, count, labels }: Timing,
): void {
  let upToBound = 0;
  const addBucket = (le: string | number, value: number): void => {
    // Those of prom-client have one, so that its own readers may ask for it.
    const sample = { metricName: `${name}_bucket`, labels: { le, ...labels }, value, exemplar: null };
    to.push(sample);
  };
  for (const [bucket, bound] of bounds.entries()) addBucket(bound, (upToBound += counts[bucket]!));
  addBucket('+Inf', count);
  to.push({ metricName: `${name}_sum`, labels, value: sum }, { metricName: `${name}_count`, labels, value: count });
}
