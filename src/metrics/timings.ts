import { Gauge, Histogram, type HistogramConfiguration } from 'prom-client';

/** The durations of one combination of labels. A request only finds the bucket. */
export class Timing {
  /** One count for each bound; a duration counts only in its own bucket, not in those above. */
  readonly counts: number[];
  sum = 0;
  count = 0;

  constructor(
    private readonly bounds: readonly number[],
    readonly labels: Readonly<Record<string, string>>,
  ) {
    this.counts = bounds.map(() => 0);
  }

  /** Adds a duration in seconds. */
  observe(seconds: number): void {
    const { bounds } = this;
    let bucket = 0;
    while (bucket < bounds.length && seconds > bounds[bucket]!) bucket++;
    // A duration beyond the last bound is only in `sum` and `count`.
    if (bucket < bounds.length) this.counts[bucket]!++;
    this.sum += seconds;
    this.count++;
  }
}

/**
 * Durations that are counted here and shown by a {@link TimingHistogram}: prom-client's own `observe` hashes and validates the
 * labels and prints the bound each time, which costs 2.5 % of the CPU time of an exchange for its two durations.
 */
export class Timings implements Iterable<Timing> {
  readonly #timings = new Set<Timing>();

  /** `bounds`: upper bounds of the buckets, in seconds, in ascending order. */
  constructor(readonly bounds: readonly number[]) {}

  /** Starts a timing without durations. The caller keeps it, and makes one for each combination of labels. */
  add(labels: Readonly<Record<string, string>>): Timing {
    const timing = new Timing(this.bounds, labels);
    this.#timings.add(timing);
    return timing;
  }

  /** The timing is not shown any more. */
  remove(timing: Timing): void {
    this.#timings.delete(timing);
  }

  [Symbol.iterator](): Iterator<Timing> {
    return this.#timings.values();
  }
}

/** The values that a metric gives to its registry at a scrape. */
type Scraped = ReturnType<Histogram<string>['get']>;
type Sample = Awaited<Scraped>['values'][number];

/**
 * A histogram of {@link Timings}, made when it is scraped. A combination of labels is shown once it has a duration.
 *
 * prom-client's `Histogram` can only be filled by single observations, and a registry does not call `get()` of its subclasses
 * when it writes text. It does call `get()` of gauges, so this class is a gauge that reports the type and values of a
 * histogram.
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
    // prom-client's own samples have an `exemplar`, and its readers may read it.
    const sample = { metricName: `${name}_bucket`, labels: { le, ...labels }, value, exemplar: null };
    to.push(sample);
  };
  for (const [bucket, bound] of bounds.entries()) addBucket(bound, (upToBound += counts[bucket]!));
  addBucket('+Inf', count);
  to.push({ metricName: `${name}_sum`, labels, value: sum }, { metricName: `${name}_count`, labels, value: count });
}
