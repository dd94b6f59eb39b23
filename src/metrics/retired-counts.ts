import { seriesKey, type Sample, type ThreadMetric, type ThreadMetrics } from './aggregate.js';

/** How long the last counts of a backend that is gone wait for a scrape, in milliseconds. Prometheus itself forgets a series after five minutes. */
const unseenFor = 5 * 60_000;
/** Time between two searches for such backends, in milliseconds: a search looks at all series of all threads. */
const searchedEvery = 60_000;

interface RetiredSeries extends Sample {
  value: number;
  /** Upstream and backend; undefined: it is not of a backend. */
  readonly backend: string | undefined;
  /** When a count was added last. */
  addedAt: number;
  /** Whether a scrape has shown the last count. */
  isShown: boolean;
}

interface RetiredMetric {
  readonly metric: ThreadMetric;
  readonly series: Map<string, RetiredSeries>;
}

/**
 * The counts of threads that have ended, so that no sum goes down when a thread is replaced: one series for each combination of labels, however
 * many threads have ended. Only what is summed is kept.
 *
 * Also the counts of backends that a living thread has ceased to show. A thread drops the series of a backend that is gone when it is read, but not each
 * reading is a scrape, and not all threads are read at the same time. Such series are dropped here once they have been scraped, or after five minutes:
 * addresses come and go for months.
 */
export class RetiredCounts {
  readonly #metrics = new Map<string, RetiredMetric>();
  #searchedAt = performance.now();

  /** Adds the counts of a thread that has ended. */
  retire(metrics: ThreadMetrics): void {
    for (const metric of metrics) {
      if (isSummed(metric)) for (const sample of metric.values) this.#add(metric, sample);
    }
  }

  /** Adds the counts of backends that a thread showed `before`, and that it does not show any more or has begun anew. */
  retireLost(before: ThreadMetrics, now: ThreadMetrics): void {
    const current = new Map(now.map(metric => [metric.name, metric]));
    for (const metric of before) {
      const [first] = metric.values;
      if (first === undefined || backendOf(first) === undefined || !isSummed(metric)) continue;
      const counts = new Map(current.get(metric.name)?.values.map(sample => [seriesKey(sample), sample.value]));
      for (const sample of metric.values) {
        const count = counts.get(seriesKey(sample));
        if (count === undefined || count < sample.value) this.#add(metric, sample);
      }
    }
  }

  /** The counts for a scrape. `living`: what the living threads show. */
  show(living: readonly ThreadMetrics[]): ThreadMetrics {
    this.#drop(living, ({ isShown }) => isShown);
    return Array.from(this.#metrics.values(), ({ metric, series }) => {
      for (const one of series.values()) one.isShown = true;
      return { ...metric, values: [...series.values()] };
    });
  }

  /** Drops the counts of backends that are gone and that no scrape has asked for in five minutes. */
  dropUnseen(living: readonly ThreadMetrics[]): void {
    const now = performance.now();
    if (now - this.#searchedAt < searchedEvery) return;
    this.#searchedAt = now;
    this.#drop(living, ({ isShown, addedAt }) => !isShown && now - addedAt > unseenFor);
  }

  /** Drops series of backends that no living thread shows. */
  #drop(living: readonly ThreadMetrics[], isOver: (series: RetiredSeries) => boolean): void {
    let backends: ReadonlySet<string> | undefined;
    for (const { series } of this.#metrics.values()) {
      for (const [key, one] of series) {
        if (one.backend === undefined || !isOver(one)) continue;
        backends ??= backendsOf(living);
        // No backend at all: it is not known which there are.
        if (backends.size > 0 && !backends.has(one.backend)) series.delete(key);
      }
    }
  }

  #add(metric: ThreadMetric, sample: Sample): void {
    let retired = this.#metrics.get(metric.name);
    if (retired === undefined) {
      retired = { metric: { ...metric, values: [] }, series: new Map() };
      this.#metrics.set(metric.name, retired);
    }
    const key = seriesKey(sample);
    const series = retired.series.get(key);
    const addedAt = performance.now();
    if (series === undefined) {
      const { labels, metricName, value } = sample;
      const added = { labels, metricName, value, backend: backendOf(sample), addedAt, isShown: false };
      retired.series.set(key, added);
    } else {
      series.value += sample.value;
      series.addedAt = addedAt;
      series.isShown = false;
    }
  }
}

function isSummed({ type, aggregator }: ThreadMetric): boolean {
  return aggregator === 'sum' && String(type) !== 'gauge';
}

function backendOf({ labels: { upstream, backend } }: Sample): string | undefined {
  return backend === undefined ? undefined : `${upstream ?? ''}\0${backend}`;
}

function backendsOf(threads: readonly ThreadMetrics[]): ReadonlySet<string> {
  const backends = new Set<string>();
  for (const metrics of threads) {
    for (const { values } of metrics) {
      for (const sample of values) {
        const backend = backendOf(sample);
        if (backend === undefined) break; // All series of a metric have the same labels.
        backends.add(backend);
      }
    }
  }
  return backends;
}
