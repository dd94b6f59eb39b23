import type { SecondView } from '../../src/admin/api/views.js';

/** Rows for charts, a column each, for seconds that follow each other without a gap. Null: nothing is known. */
export interface Columns {
  /** Seconds since 1970. */
  readonly times: readonly number[];
  readonly requests: readonly (number | null)[];
  readonly failed: readonly (number | null)[];
  /** Answers with 1xx and 3xx, 2xx, 4xx and 5xx. */
  readonly moved: readonly (number | null)[];
  readonly succeeded: readonly (number | null)[];
  readonly refused: readonly (number | null)[];
  readonly broken: readonly (number | null)[];
  readonly p50: readonly (number | null)[];
  readonly p90: readonly (number | null)[];
  readonly p99: readonly (number | null)[];
}

/** The seconds that are kept. */
const most = 15 * 60;

/** The traffic of the last fifteen minutes, a row for each second that this page has heard of. What is older goes. */
export class History {
  readonly #seconds = new Map<number, SecondView>();
  #last = 0;

  /** The newest second that is known, since 1970; 0: none. */
  get last(): number {
    return this.#last;
  }

  /** How many seconds are kept. */
  get size(): number {
    return this.#seconds.size;
  }

  /** Takes what a status says of its last minute. A second that is known already is replaced: it may have been counted to its end meanwhile. */
  add(seconds: readonly SecondView[]): void {
    for (const view of seconds) {
      const second = Math.round(Date.parse(view.time) / 1_000);
      if (!Number.isFinite(second)) continue;
      this.#seconds.set(second, view);
      if (second > this.#last) this.#last = second;
    }
    // A clock that was set back: what is ahead of it would stay for ever.
    const newest = seconds.at(-1);
    if (newest !== undefined) this.#last = Math.round(Date.parse(newest.time) / 1_000);
    for (const second of this.#seconds.keys())
      if (second <= this.#last - most || second > this.#last) this.#seconds.delete(second);
  }

  /** The last `span` seconds, at most those since the first that is known, and at least a minute. */
  columns(span: number): Columns {
    const known = this.#seconds.size === 0 ? 0 : this.#last - Math.min(...this.#seconds.keys()) + 1;
    const length = Math.max(60, Math.min(span, known, most));
    const times = Array.from({ length }, (_, index) => this.#last - length + 1 + index);
    const rows = times.map(time => this.#seconds.get(time));
    const column = (read: (row: SecondView) => number | undefined): (number | null)[] =>
      rows.map(row => (row === undefined ? null : (read(row) ?? null)));
    return {
      times,
      requests: column(({ requests }) => requests),
      failed: column(({ failed }) => failed),
      moved: column(({ statuses }) => statuses['1xx'] + statuses['3xx']),
      succeeded: column(({ statuses }) => statuses['2xx']),
      refused: column(({ statuses }) => statuses['4xx']),
      broken: column(({ statuses }) => statuses['5xx']),
      p50: column(({ latency }) => latency?.p50),
      p90: column(({ latency }) => latency?.p90),
      p99: column(({ latency }) => latency?.p99),
    };
  }
}
