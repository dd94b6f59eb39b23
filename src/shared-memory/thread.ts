/**
 * One of the threads that make up a gateway. The **main** thread serves the operator, probes and finds backends; **workers** carry the traffic, and follow
 * the main thread in what it has found out.
 */
export interface Thread {
  readonly role: 'main' | 'worker';
  /** 0: the main thread; from 1: workers. */
  readonly index: number;
  /** What the backends carry, for all threads: of `LoadTable.allocate`. */
  readonly loads: SharedArrayBuffer;
  /** Takes what is worth a line of the log, but not one of each thread: `draining` with its counts. */
  readonly tell?: (fields: Readonly<Record<string, number>>, what: string) => void;
}

/** Token of the {@link Thread}; nothing is provided where one thread does everything. */
export const THREAD = Symbol('gatehouse.thread');
