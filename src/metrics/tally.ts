import type { Counter } from 'prom-client';

/** The count of one combination of labels. A request only adds to `pending`. */
export interface Count {
  readonly labels: Readonly<Record<string, string>>;
  /** The count since the last scrape. */
  pending: number;
}

/** Counts that are added to a prom-client counter only when it is scraped: its own `inc` hashes and validates the labels each time. */
export class Tally {
  readonly #counts = new Set<Count>();

  /** Starts a count at zero. The caller keeps it, and makes one for each combination of labels. */
  add(labels: Readonly<Record<string, string>>): Count {
    const count = { labels, pending: 0 };
    this.#counts.add(count);
    return count;
  }

  /** Removes a count, and its series from the counter. */
  remove(count: Count, counter: Counter<string>): void {
    this.#counts.delete(count);
    counter.remove(count.labels);
  }

  /** Adds the counts since the last scrape to the counter. A combination of labels is shown from its start, with zero. */
  drain(counter: Counter<string>): void {
    for (const count of this.#counts) {
      counter.inc(count.labels, count.pending);
      count.pending = 0;
    }
  }
}
