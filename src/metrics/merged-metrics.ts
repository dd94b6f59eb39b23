import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Registry } from 'prom-client';
import { Aggregate, type ThreadMetrics } from './aggregate.js';
import { exposition, type ExpositionFormat } from './exposition.js';
import { RetiredCounts } from './retired-counts.js';

/** A thread whose metrics are shown beside those of this one. */
export interface MetricsThread {
  /** Differs from that of each other thread that has not ended. */
  readonly id: number;
  /**
   * Asks the thread for `registry.getMetricsAsJSON()` of its registry. May reject, and may never settle. As JSON text the answer costs both threads less
   * than half of what it costs as an object.
   */
  read(): Promise<ThreadMetrics>;
}

/** Settings of {@link MergedMetrics}. */
export interface MergeSettings {
  /** How long a scrape waits for the threads, in milliseconds; default 1,000. Then it shows the last known values of those that have not answered. */
  readonly patience?: number;
}

/**
 * How much of its time a thread spends on {@link MergedMetrics.remember}: one part in a hundred. A reading costs a thread about 2 µs for each of its
 * series, which is 0.1 s with 1,000 routes and 2,000 backends.
 */
const restAfterReading = 99;
/** The longest time between two readings of a thread for {@link MergedMetrics.remember}, in milliseconds. */
const longestRest = 15_000;

/**
 * The metrics of this thread and of others as one, merged at each scrape by the aggregator of each metric. Scrapes at the same time share one reading.
 * Counters and histograms of threads that have ended are kept.
 */
export class MergedMetrics {
  readonly #known = new Map<number, KnownThread>();
  readonly #retired = new RetiredCounts();
  readonly #patience: number;
  #scrape: Promise<ThreadMetrics> | undefined;

  /** `own`: the registry of this thread, whose values come first. `threads`: the others that run now. */
  constructor(
    private readonly own: Registry,
    private readonly threads: () => Iterable<MetricsThread>,
    { patience = 1_000 }: MergeSettings = {},
  ) {
    this.#patience = patience;
  }

  /** The metrics of all threads as text. */
  async metrics(format: ExpositionFormat = 'prometheus'): Promise<string> {
    this.#scrape ??= this.#merge().finally(() => (this.#scrape = undefined));
    return exposition(await this.#scrape, format);
  }

  /**
   * Reads the other threads, so that little is lost when one of them crashes. To be called every second or so. A thread whose reading took long is
   * left alone for 99 times as long, at most 15 seconds. Never rejects.
   */
  async remember(): Promise<void> {
    const now = performance.now();
    await this.#read([...this.threads()].filter(({ id }) => (this.#known.get(id)?.restsUntil ?? 0) <= now));
    this.#retired.dropUnseen(this.#latest());
  }

  /**
   * A thread has ended: its gauges disappear, its counts stay. From now on `threads` must not give it any more. `last`: its last values, if it
   * could say them; default: those known. Its id may be used again.
   */
  ended(id: number, last?: ThreadMetrics): void {
    const thread = this.#known.get(id) ?? new KnownThread(this.#retired);
    this.#known.delete(id);
    thread.end(last);
  }

  async #merge(): Promise<ThreadMetrics> {
    const [own] = await Promise.all([this.own.getMetricsAsJSON(), this.#read([...this.threads()])]);
    const others = this.#latest();
    const merged = new Aggregate();
    merged.add(own);
    // In the same turn as `others` is taken: a thread that ends later would count twice.
    merged.add(this.#retired.show([own, ...others]));
    for (const metrics of others) {
      // Probes and the admin listener have their turn: with 1,000 routes each thread takes about 0.1 s.
      await nextTurn();
      merged.add(metrics);
    }
    return merged.metrics;
  }

  #latest(): ThreadMetrics[] {
    return Array.from(this.#known.values(), ({ latest }) => latest);
  }

  /** Waits until all threads have answered, or patience has ended. What comes later is kept for the next scrape. */
  async #read(threads: readonly MetricsThread[]): Promise<void> {
    const readings = threads.map(thread => {
      let known = this.#known.get(thread.id);
      if (known === undefined) this.#known.set(thread.id, (known = new KnownThread(this.#retired)));
      return known.read(thread);
    });
    if (readings.length === 0) return;
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise(resolve => (timer = setTimeout(resolve, this.#patience)));
    await Promise.race([Promise.all(readings), over]);
    clearTimeout(timer);
  }
}

/** What is known of a thread. */
class KnownThread {
  /** Its last values. */
  latest: ThreadMetrics = [];
  /** Until when {@link MergedMetrics.remember} leaves it alone, by `performance.now()`. */
  restsUntil = 0;
  #reading: Promise<void> | undefined;
  #isOver = false;

  constructor(private readonly retired: RetiredCounts) {}

  /** Asks the thread, unless it still has to answer. Never rejects. */
  read(thread: MetricsThread): Promise<void> {
    this.#reading ??= this.#ask(thread).finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  end(last = this.latest): void {
    this.#isOver = true;
    this.retired.retireLost(this.latest, last);
    this.retired.retire(last);
  }

  async #ask(thread: MetricsThread): Promise<void> {
    const from = performance.now();
    try {
      const metrics = await thread.read();
      if (this.#isOver) return;
      this.retired.retireLost(this.latest, metrics);
      this.latest = metrics;
    } catch {
      // It is just ending, or cannot read its metrics: what is known of it stays.
    }
    const now = performance.now();
    this.restsUntil = now + Math.min(longestRest, (now - from) * restAfterReading);
  }
}
