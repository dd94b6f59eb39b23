import type { EventEmitter } from 'node:events';
import Opossum from 'opossum';

/** Into how many slices a window is cut: it loses its oldest tenth at a time. */
export const bucketsOfWindow = 10;

/** A slice of opossum's window, with counts of ours, which so rotate with the others. */
interface Bucket extends Opossum.Bucket {
  hardFailures?: number;
  outlying?: number;
}

type CountName = Exclude<keyof Opossum.Bucket, 'percentiles' | 'latencyTimes'>;

/** What opossum asks of its statistics. */
type Stats = Pick<Opossum.Stats, 'fires' | 'failures'>;

/** What the window holds. */
export interface WindowTotals {
  readonly requests: number;
  readonly failures: number;
  /** Those of the failures that are hard. */
  readonly hardFailures: number;
  /** Answers that count only beside those of the backend's peers. */
  readonly outlying: number;
}

/**
 * The sliding window of one circuit: opossum's, with counts of our own, and with memory that does not grow with the traffic.
 *
 * Reaches into opossum 10: replaces `increment` and `stats` of a `Status`, and writes into the slices that its `window` hands out. opossum does not
 * export the class, so ours cannot inherit from it, and a breaker takes no object of another class. Unchanged, a `Status` keeps the latency
 * of each call, and sums up all of its counts at each failure.
 */
export class CircuitWindow {
  /** For opossum, which counts in it. */
  readonly status: Opossum.Status;

  /** `length` is in milliseconds; each `rotate` of `rotation` takes a tenth of it away. */
  constructor(length: number, rotation: EventEmitter) {
    const status = Opossum.newStatus({
      rollingCountTimeout: length,
      rollingCountBuckets: bucketsOfWindow,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      rotateBucketController: rotation,
    });
    // opossum's own also keeps the latency of every call, percentiles or not: at 20,000 requests a second, 200,000 numbers.
    const increment = (count: CountName): void => void status.window[0]![count]++;
    // opossum's own sums up everything that it knows, for each failure: that takes 10 µs, which a failing upstream does not need as well.
    const stats = { get: (): Stats => this.#stats };
    this.status = Object.defineProperty(Object.assign(status, { increment }), 'stats', stats);
  }

  /** The sums over the window. */
  get totals(): WindowTotals {
    const { fires, failures } = this.#stats;
    let [hardFailures, outlying] = [0, 0];
    for (const bucket of this.#buckets) {
      hardFailures += bucket.hardFailures ?? 0;
      outlying += bucket.outlying ?? 0;
    }
    return { requests: fires, failures, hardFailures, outlying };
  }

  /** What opossum counts of a call that succeeded. */
  countSuccess(): void {
    const bucket = this.#buckets[0]!;
    bucket.fires++;
    bucket.successes++;
  }

  countHardFailure(): void {
    const bucket = this.#buckets[0]!;
    bucket.hardFailures = (bucket.hardFailures ?? 0) + 1;
  }

  countOutlying(): void {
    const bucket = this.#buckets[0]!;
    bucket.outlying = (bucket.outlying ?? 0) + 1;
  }

  /** Empties the window. */
  forget(): void {
    const none = { fires: 0, successes: 0, failures: 0, hardFailures: 0, outlying: 0 };
    for (const bucket of this.#buckets) Object.assign(bucket, none);
  }

  get #stats(): Stats {
    const stats = { fires: 0, failures: 0 };
    for (const bucket of this.#buckets) {
      stats.fires += bucket.fires;
      stats.failures += bucket.failures;
    }
    return stats;
  }

  get #buckets(): Bucket[] {
    return this.status.window;
  }
}
