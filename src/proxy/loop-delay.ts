/** Milliseconds between two measurements. */
export const measuredEvery = 20;

/** What a delay counts at the next measurement: half after some 60 ms, a hundredth after half a second. */
const fade = 0.8;

/**
 * By how much the event loop is delayed, in milliseconds: how late a timer was called that is due every {@link measuredEvery}. The longest delay counts
 * longest and fades, so that what follows from it is steady over some requests, and over within a second after the loop has caught up.
 */
export class LoopDelay {
  #due: number;
  #recent = 0;

  /** Times are those of `performance.now()`. */
  constructor(now: number) {
    this.#due = now + measuredEvery;
  }

  /** The timer was called. */
  measure(now: number): void {
    this.#recent = Math.max(now - this.#due, this.#recent * fade);
    this.#due = now + measuredEvery;
  }

  /** The delay at a moment: a timer that is overdue is noticed before it is called, by what comes in the same turn of the loop. */
  at(now: number): number {
    return Math.max(now - this.#due, this.#recent);
  }
}
