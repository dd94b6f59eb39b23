/** The smallest latency in milliseconds; shorter ones count as this, so that no cost is 0. */
const SHORTEST = 0.001;

/**
 * A peak-sensitive moving average of a latency in milliseconds: it jumps to a new peak at once, and comes down exponentially
 * as time passes. As in Finagle's Peak EWMA.
 */
export class Latency {
  #average = 0;
  #at = 0;

  /** `decay`: milliseconds in which the part of an observation in the average falls to 1/e. */
  constructor(private readonly decay: number) {}

  /** Adds a latency that was observed at the time `now`. */
  observe(milliseconds: number, now: number): void {
    const observed = Math.max(milliseconds, SHORTEST);
    const kept = Math.exp((this.#at - now) / this.decay);
    this.#average = observed > this.#average ? observed : this.#average * kept + observed * (1 - kept);
    this.#at = now;
  }

  /** The average, decayed until `now`; 0 before the first observation. */
  read(now: number): number {
    return this.#average === 0 ? 0 : this.#average * Math.exp((this.#at - now) / this.decay);
  }
}
