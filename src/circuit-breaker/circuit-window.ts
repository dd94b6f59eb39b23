import type { EventEmitter } from 'node:events';
import Opossum from 'opossum';
import { bucketsOfWindow } from './bucket-rotations.js';

/** A slice of opossum's window, with a count of ours, which so rotates with the others. */
interface Bucket extends Opossum.Bucket {
  hardFailures?: number;
}

type CountName = Exclude<keyof Opossum.Bucket, 'percentiles' | 'latencyTimes'>;

/** What the window holds. */
export interface WindowTotals {
  readonly requests: number;
  readonly failures: number;
  /** Those of the failures that are hard. */
  readonly hardFailures: number;
}

/** The sliding window of one circuit: opossum's, of a fixed size whatever the traffic, and with a count of hard failures. */
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
    this.status = Object.assign(status, { increment });
  }

  /** The sums over the window. Cheaper than opossum's `stats`, which sums everything it knows. */
  get totals(): WindowTotals {
    const totals = { requests: 0, failures: 0, hardFailures: 0 };
    for (const bucket of this.#buckets) {
      totals.requests += bucket.fires;
      totals.failures += bucket.failures;
      totals.hardFailures += bucket.hardFailures ?? 0;
    }
    return totals;
  }

  countHardFailure(): void {
    const bucket = this.#buckets[0]!;
    bucket.hardFailures = (bucket.hardFailures ?? 0) + 1;
  }

  /** Empties the window. */
  forget(): void {
    for (const bucket of this.#buckets) Object.assign(bucket, { fires: 0, successes: 0, failures: 0, hardFailures: 0 });
  }

  get #buckets(): Bucket[] {
    return this.status.window;
  }
}
