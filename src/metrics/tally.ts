import type { Counter } from 'prom-client';

/** The count of one combination of labels. Adding to `pending` is all that a request pays. */
export interface Count {
  readonly labels: Readonly<Record<string, string>>;
  /** What the counter has not got yet. */
  pending: number;
}

/** Counts that become a counter's when it is scraped: prom-client's own `inc` hashes and validates the labels each time. */
export class Tally {
  readonly #counts = new Set<Count>();

  /** Starts a count at zero. The caller keeps it and sees to it that there is one for each combination. */
  add(labels: Readonly<Record<string, string>>): Count {
    const count = { labels, pending: 0 };
    this.#counts.add(count);
    return count;
  }

  /** Forgets a count and takes its series out of the counter. */
  remove(count: Count, counter: Counter<string>): void {
    this.#counts.delete(count);
    counter.remove(count.labels);
  }

  /** Hands over what has been counted since the last time. A combination shows from zero on. */
  drain(counter: Counter<string>): void {
    for (const count of this.#counts) {
      counter.inc(count.labels, count.pending);
      count.pending = 0;
    }
  }
}
