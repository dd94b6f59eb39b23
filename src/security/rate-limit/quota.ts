/** How a limit counts (GCRA). Both in whole nanoseconds. */
interface Cell {
  /** How far one request moves a cell ahead: the time in which it is refilled. 0 = the cell is read and not moved. */
  readonly interval: number;
  /** How far ahead a cell may be: the interval times the burst. */
  readonly tolerance: number;
}

/** The parameters of a limit for a store. */
export interface Quota extends Cell {
  /** Separates its cells from those of other limits: the same for the same limit in each thread and on each machine. */
  readonly name: string;
  /** What is done while a shared store is out of reach. */
  readonly onStoreFailure: 'local' | 'allow' | 'deny';
}

/** Nanoseconds in a second. */
export const second = 1e9;
const millisecond = 1e6;
/** 73 years in nanoseconds: the furthest that a cell may be ahead. */
const longest = 2 ** 61;

/**
 * The cell of a limit of `limit` requests in `per` milliseconds, `burst` of them at once. The interval is rounded to a
 * nanosecond, so the rate is right to one part in a thousand at a million requests a second, and better below.
 */
export function cellOf(limit: number, per: number, burst = limit): Cell {
  const interval = Math.max(1, Math.round((per * millisecond) / limit));
  return { interval, tolerance: Math.min(burst * interval, longest) };
}
