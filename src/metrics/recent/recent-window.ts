import type { Beat } from './beats.js';
import { bucketCount, bucketOf, quantilesOf } from './duration-buckets.js';

/** Where each count of a row stands; the buckets of the durations follow. */
const at = { ended: 0, failed: 1, status1: 2, status2: 3, status3: 4, status4: 5, status5: 6, durations: 7 } as const;

/** Numbers of one row. */
export const rowWidth = at.durations + bucketCount;

/** What has ended within some time. */
export interface RecentFigures {
  readonly ended: number;
  /** Of these, those that failed on the side of the gateway or the backend. */
  readonly failed: number;
  /** By the first digit of the status: 1xx to 5xx. */
  readonly statuses: readonly [number, number, number, number, number];
  /** Milliseconds in which half of them, nine of ten and 99 of a hundred were done; undefined: none has a duration that counts. */
  readonly p50: number | undefined;
  readonly p90: number | undefined;
  readonly p99: number | undefined;
}

/** Counts what has ended in the last spans of time: seconds, or tens of them. It needs memory only while something is counted. */
export class RecentWindow {
  /** The rows of the spans, one behind the other; the span of the beat n has the place n modulo the number of spans. */
  #rows: Uint32Array | undefined;
  /** The beat of each row. */
  readonly #beats: Float64Array;
  /** The beat of the row that is counted in now. */
  #now = -1;
  #at = 0;

  /** `spans`: how many of them are kept. */
  constructor(
    private readonly beat: Beat,
    private readonly spans: number,
  ) {
    this.#beats = new Float64Array(spans).fill(-1);
  }

  /** Counts one that has ended. `status`: 0 where there is none. `milliseconds`: negative where its duration does not count. */
  record(status: number, failed: boolean, milliseconds: number): void {
    const rows = this.#now === this.beat.now ? this.#rows! : this.#turn();
    const row = this.#at;
    rows[row]!++;
    if (failed) rows[row + at.failed]!++;
    if (status >= 100 && status < 600) rows[row + at.status1 - 1 + ((status / 100) | 0)]!++;
    if (milliseconds >= 0) rows[row + at.durations + bucketOf(milliseconds)]!++;
  }

  /** Adds up the spans that have not passed into one row of `to`. Returns whether there was anything. */
  addTo(to: Uint32Array, row = 0): boolean {
    let any = false;
    for (let span = 0; span < this.spans; span++) {
      if (!this.#isRecent(span)) continue;
      any = true;
      const from = span * rowWidth;
      for (let number = 0; number < rowWidth; number++) to[row + number]! += this.#rows![from + number]!;
    }
    // Nothing for so long: the next one that ends gets new memory.
    if (!any) [this.#rows, this.#now] = [undefined, -1];
    return any;
  }

  /** The spans that have not passed, by their beats, the oldest first, as copies. */
  *recent(): Iterable<readonly [number, Uint32Array]> {
    for (let later = 1; later <= this.spans; later++) {
      const span = (this.beat.now + later) % this.spans;
      if (this.#isRecent(span)) yield [this.#beats[span]!, this.#rows!.slice(span * rowWidth, (span + 1) * rowWidth)];
    }
  }

  #isRecent(span: number): boolean {
    const age = this.beat.now - this.#beats[span]!;
    return this.#rows !== undefined && age >= 0 && age < this.spans;
  }

  #turn(): Uint32Array {
    const rows = (this.#rows ??= this.#begin());
    this.#now = this.beat.now;
    const span = this.#now % this.spans;
    this.#at = span * rowWidth;
    rows.fill(0, this.#at, this.#at + rowWidth);
    this.#beats[span] = this.#now;
    return rows;
  }

  #begin(): Uint32Array {
    this.#beats.fill(-1);
    return new Uint32Array(this.spans * rowWidth);
  }
}

/** What a row says. */
export function figuresOf(rows: Uint32Array, row = 0): RecentFigures {
  const [p50, p90, p99] = quantilesOf(rows, row + at.durations, [0.5, 0.9, 0.99]) ?? [];
  return {
    ended: rows[row]!,
    failed: rows[row + at.failed]!,
    statuses: [
      rows[row + at.status1]!,
      rows[row + at.status2]!,
      rows[row + at.status3]!,
      rows[row + at.status4]!,
      rows[row + at.status5]!,
    ],
    p50,
    p90,
    p99,
  };
}
