import { parentPort, workerData } from 'node:worker_threads';

/** What the thread that keeps the time is given. */
export interface Pacing {
  /** Milliseconds from the start, in order. */
  readonly due: Float64Array<SharedArrayBuffer>;
  /** When the start is, on the clock of `now`. */
  readonly start: number;
  /** One cell: how many requests are due so far. */
  readonly count: Int32Array<SharedArrayBuffer>;
}

/** Milliseconds on the system's steady clock, the same in every thread. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/**
 * Sleeps from one request to the next and posts a message when it is due. A thread of its own can sleep for microseconds; the
 * timers of an event loop come in whole milliseconds.
 */
function keepTime({ due, start, count }: Pacing): void {
  const never = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  for (const [index, time] of due.entries()) {
    const rest = start + time - now();
    if (rest > 0) Atomics.wait(never, 0, 0, rest);
    Atomics.store(count, 0, index + 1);
    parentPort?.postMessage(undefined);
  }
}

if (parentPort !== null) keepTime(workerData as Pacing);
