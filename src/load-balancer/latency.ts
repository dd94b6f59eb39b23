/** The smallest latency in milliseconds; shorter ones count as this, so that no cost is 0. */
const SHORTEST = 0.001;

/** Where an average is kept: the memory of one thread, or what threads share. */
export interface LatencyMemory {
  /** The average in milliseconds, and when it was observed. */
  readonly latency: Float64Array;
  /** Milliseconds, on one clock for all that use the memory. */
  now(): number;
}

/**
 * A peak-sensitive moving average of a latency in milliseconds: it jumps to a new peak at once, and comes down exponentially
 * as time passes. As in Finagle's Peak EWMA. Threads that share its memory do not wait for each other: of two observations at the same moment one may be lost.
 */
export class Latency {
  readonly #memory: Float64Array;

  /** `decay`: milliseconds in which the part of an observation in the average falls to 1/e. */
  constructor(
    private readonly decay: number,
    private readonly clock: LatencyMemory = { latency: new Float64Array(2), now: () => performance.now() },
  ) {
    this.#memory = clock.latency;
  }

  /** The time on its clock. */
  now(): number {
    return this.clock.now();
  }

  /** Adds a latency that was observed at the time `now`. */
  observe(milliseconds: number, now: number): void {
    const observed = Math.max(milliseconds, SHORTEST);
    const [average, at] = [this.#memory[0]!, this.#memory[1]!];
    const kept = Math.exp((at - now) / this.decay);
    this.#memory[0] = observed > average ? observed : average * kept + observed * (1 - kept);
    this.#memory[1] = now;
  }

  /** The average, decayed until `now`; 0 before the first observation. */
  read(now: number): number {
    const average = this.#memory[0]!;
    return average === 0 ? 0 : average * Math.exp((this.#memory[1]! - now) / this.decay);
  }
}
