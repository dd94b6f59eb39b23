/**
 * A monotonic clock that all threads of a process read alike: nanoseconds, whole, since a moment that was fixed with
 * {@link epochNow}. `performance.now()` counts from another moment in each thread.
 */
export class SharedClock {
  readonly #offset: number;

  /** `epoch`: what {@link epochNow} gave. */
  constructor(epoch: bigint) {
    let offset = -Infinity;
    // Between the two readings the thread may have to wait; that makes the difference smaller, never larger.
    for (let i = 0; i < 5; i++) {
      offset = Math.max(offset, Number(process.hrtime.bigint() - epoch) - performance.now() * 1e6);
    }
    this.#offset = offset;
  }

  now(): number {
    return Math.round(this.#offset + performance.now() * 1e6);
  }
}

/** The present moment, for the threads that share a clock to count from. */
export function epochNow(): bigint {
  return process.hrtime.bigint();
}
