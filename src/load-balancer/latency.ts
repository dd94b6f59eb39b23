/** Milliseconds below which a latency counts as this: nothing is infinitely fast. */
const SHORTEST = 0.001;

/**
 * A peak-sensitive moving average of a latency in milliseconds: it jumps to a new peak at once, and comes down exponentially
 * as time passes. As in Finagle's Peak EWMA.
 */
export class Latency {
  #average = 0;
  #at = 0;

  /** `decay`: milliseconds in which an observation loses all but 1/e of its part in the average. */
  constructor(private readonly decay: number) {}

  /** Takes in a latency that was observed `now`. */
  observe(milliseconds: number, now: number): void {
    const observed = Math.max(milliseconds, SHORTEST);
    const kept = Math.exp((this.#at - now) / this.decay);
    this.#average = observed > this.#average ? observed : this.#average * kept + observed * (1 - kept);
    this.#at = now;
  }

  /** The average as it has decayed by `now`; 0 when nothing was ever observed. */
  read(now: number): number {
    return this.#average === 0 ? 0 : this.#average * Math.exp((this.#at - now) / this.decay);
  }
}
