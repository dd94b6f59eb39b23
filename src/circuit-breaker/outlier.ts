import type { OutlierConfig } from '../config/file/circuit-breaker.config.js';
import type { WindowTotals } from '../platform/circuit-window.js';

/** Milliseconds between two comparisons of one circuit with its peers: each comparison adds up the windows of all peers. */
const comparisonInterval = 100;

/** An outlier is kept out for at most this many times `openFor`. */
const mostTimes = 10;

/** Tells whether one circuit fails so much more often than its peers that it is an outlier, and for how long it should be out. */
export class OutlierWatch {
  #comparedAt = -Infinity;
  /** How many times in a row it has been an outlier. */
  #times = 0;
  /** The time at which it came back into use. */
  #backAt = Infinity;

  constructor(
    private readonly config: OutlierConfig,
    /** Milliseconds. */
    private readonly openFor: number,
  ) {}

  /** To be called after each failure of the circuit. `peers`: gives the counts of the other circuits; called at most ten times a second. */
  isOutlier(own: WindowTotals, peers: () => readonly { readonly totals: WindowTotals }[]): boolean {
    const { enabled, factor, minRequests, minShare } = this.config;
    if (!enabled || own.requests < minRequests || shareOf(own) < minShare) return false;
    const now = performance.now();
    if (now - this.#comparedAt < comparisonInterval) return false;
    this.#comparedAt = now;
    let [requests, bad] = [0, 0];
    for (const { totals } of peers()) {
      requests += totals.requests;
      bad += totals.failures + totals.outlying;
    }
    // The failure rate of few requests is uncertain: assume one more failure of the peers than there were.
    return requests >= minRequests && shareOf(own) >= (factor * (bad + 1)) / (requests + 1);
  }

  /** Milliseconds for which to keep it out now: longer each time, until it has been in use for as long as it was out. */
  next(): number {
    const isGood = this.#times > 0 && performance.now() - this.#backAt > this.openFor * this.#times;
    this.#backAt = Infinity;
    this.#times = isGood ? 1 : Math.min(mostTimes, this.#times + 1);
    return this.openFor * this.#times;
  }

  /** To be called when it is in use again. */
  isBack(): void {
    this.#backAt = performance.now();
  }
}

function shareOf({ requests, failures, outlying }: WindowTotals): number {
  return requests === 0 ? 0 : (failures + outlying) / requests;
}
