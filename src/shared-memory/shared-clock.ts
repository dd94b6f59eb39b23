/**
 * A monotonic clock that gives the same time in all threads of a process: whole nanoseconds since the moment at which {@link
 * epochNow} was called. `performance.now()` begins at another moment in each thread.
 */
export class SharedClock {
  readonly #offset: number;

  /** `epoch`: the result of {@link epochNow}. */
  constructor(epoch: bigint) {
    let offset = -Infinity;
    // The thread may be suspended between the two readings, which makes the difference smaller, never larger.
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
