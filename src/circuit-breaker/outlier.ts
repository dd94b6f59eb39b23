import type { OutlierConfig } from '../config/file/circuit-breaker.config.js';
import type { WindowTotals } from '../platform/circuit-window.js';

/** Milliseconds between two comparisons of one circuit with its peers: each sums up the windows of all of them. */
const every = 100;

/** How many times its `openFor` an outlier is kept out at most. */
const longest = 10;

/** Tells whether one circuit fails so much more often than its peers that it is an outlier, and for how long it should be out. */
export class OutlierWatch {
  #lookedAt = -Infinity;
  /** Times in a row that it was an outlier. */
  #times = 0;
  /** Since when it is in use again. */
  #backAt = Infinity;

  constructor(
    private readonly config: OutlierConfig,
    /** Milliseconds. */
    private readonly openFor: number,
  ) {}

  /** Another failure of the circuit has come. `peers`: asked for what the others hold, at most ten times a second. */
  isOutlier(own: WindowTotals, peers: () => readonly { readonly totals: WindowTotals }[]): boolean {
    const { enabled, factor, minRequests, minShare } = this.config;
    if (!enabled || own.requests < minRequests || shareOf(own) < minShare) return false;
    const now = performance.now();
    if (now - this.#lookedAt < every) return false;
    this.#lookedAt = now;
    let [requests, bad] = [0, 0];
    for (const { totals } of peers()) {
      requests += totals.requests;
      bad += totals.failures + totals.outlying;
    }
    // Of few requests a small share is not known exactly: one more failure is assumed than there were.
    return requests >= minRequests && shareOf(own) >= (factor * (bad + 1)) / (requests + 1);
  }

  /** Milliseconds for which it is to be out now: longer each time, until it has been in use for as long as it was out. */
  next(): number {
    const isGood = this.#times > 0 && performance.now() - this.#backAt > this.openFor * this.#times;
    this.#backAt = Infinity;
    this.#times = isGood ? 1 : Math.min(longest, this.#times + 1);
    return this.openFor * this.#times;
  }

  /** It is in use again. */
  isBack(): void {
    this.#backAt = performance.now();
  }
}

function shareOf({ requests, failures, outlying }: WindowTotals): number {
  return requests === 0 ? 0 : (failures + outlying) / requests;
}
