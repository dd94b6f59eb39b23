import type { Registry } from 'prom-client';

type RegistryMetric = Awaited<ReturnType<Registry['getMetricsAsJSON']>>[number];

/** One value of a metric. */
export interface Sample {
  readonly labels: Readonly<Partial<Record<string, string | number>>>;
  readonly value: number;
  /** Name of the series, where it is not that of the metric: `…_bucket`, `…_sum`, `…_count`. */
  readonly metricName?: string | undefined;
}

/** A metric of one registry as a plain value. `aggregator` says how the values of several registries become one. */
export type ThreadMetric = Pick<RegistryMetric, 'name' | 'help' | 'type' | 'aggregator'> & {
  readonly values: readonly Sample[];
};

/** The metrics of one thread as plain values, which can be sent to another thread: what `Registry.getMetricsAsJSON()` gives. */
export type ThreadMetrics = readonly ThreadMetric[];

interface Series {
  readonly labels: Sample['labels'];
  readonly metricName: string | undefined;
  value: number;
  /** How many threads have given a value. */
  threads: number;
}

/** How the value of the n-th thread is joined to the value so far. */
const joined: Readonly<Record<ThreadMetric['aggregator'], (all: number, next: number, n: number) => number>> = {
  sum: (all, next) => all + next,
  min: (all, next) => Math.min(all, next),
  max: (all, next) => Math.max(all, next),
  average: (all, next, n) => all + (next - all) / n,
  first: all => all,
  omit: all => all,
};

/**
 * The metrics of several threads as one. A metric takes its help, type and aggregator from the first thread that has it; metrics and series stand
 * in the order in which they were added.
 *
 * prom-client's `AggregatorRegistry` does the same, but it leaves out metrics with the aggregator `omit` altogether, such as the start time of the process.
 * Here they are shown as the first thread has them.
 */
export class Aggregate {
  readonly #metrics = new Map<string, { readonly metric: ThreadMetric; readonly series: Map<string, Series> }>();

  add(metrics: ThreadMetrics): void {
    for (const metric of metrics) {
      let merged = this.#metrics.get(metric.name);
      if (merged === undefined) this.#metrics.set(metric.name, (merged = { metric, series: new Map() }));
      else if (merged.metric.aggregator === 'omit') continue;
      const join = joined[merged.metric.aggregator];
      for (const sample of metric.values) addSample(merged.series, sample, join);
    }
  }

  /** The metrics as one thread would have them. */
  get metrics(): ThreadMetrics {
    return Array.from(this.#metrics.values(), ({ metric, series }) => ({ ...metric, values: [...series.values()] }));
  }
}

/** The identity of a series in its metric: the order of its labels does not matter, since threads may have them in different orders. */
export function seriesKey({ metricName, labels }: Sample): string {
  const names = Object.keys(labels);
  if (names.length > 1) names.sort();
  let key = metricName ?? '';
  for (const name of names) key += `\0${name}\0${labels[name] ?? ''}`;
  return key;
}

function addSample(to: Map<string, Series>, sample: Sample, join: (all: number, next: number, n: number) => number) {
  const key = seriesKey(sample);
  const series = to.get(key);
  if (series === undefined) {
    to.set(key, { labels: sample.labels, metricName: sample.metricName, value: sample.value, threads: 1 });
  } else {
    series.value = join(series.value, sample.value, ++series.threads);
  }
}
