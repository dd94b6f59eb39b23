import { Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { MetricsSources } from './metrics-sources.js';
import { RecentTraffic, rowsOf, type NamedRows } from './recent/recent-traffic.js';
import type { RecentWindow } from './recent/recent-window.js';
import { Tally, type Count } from './tally.js';
import { Timings, type Timing } from './timings.js';

/** How an attempt on a backend ended. */
type AttemptOutcome = 'success' | 'failure' | 'ignored';

interface BackendCounts {
  readonly outcomes: Readonly<Record<AttemptOutcome, Count>>;
  readonly recent: RecentWindow;
}

interface UpstreamCounts {
  readonly duration: Timing;
  readonly backends: Map<string, BackendCounts>;
}

/** Records the attempts of exchanges on backends. */
@Injectable()
export class AttemptMetrics {
  readonly #attempts = new Tally();
  /** Shown by `gatehouse_attempt_duration_seconds`. */
  readonly durations: Timings;
  readonly #upstreams = new Map<string, UpstreamCounts>();

  /** `buckets`: upper bounds of the durations, in seconds, ascending. */
  constructor(
    buckets: readonly number[],
    private readonly sources: MetricsSources,
    private readonly recent = new RecentTraffic(),
  ) {
    this.durations = new Timings(buckets);
  }

  /** An attempt has ended. `firstByte`: milliseconds until the response head, undefined when none arrived. */
  attempt(upstream: string, backend: string, outcome: AttemptOutcome, firstByte: number | undefined): void {
    const counts = this.#upstream(upstream);
    let of = counts.backends.get(backend);
    if (of === undefined) {
      const count = (name: AttemptOutcome): Count => this.#attempts.add({ upstream, backend, outcome: name });
      const outcomes = { success: count('success'), failure: count('failure'), ignored: count('ignored') };
      counts.backends.set(backend, (of = { outcomes, recent: this.recent.window() }));
    }
    of.outcomes[outcome].pending++;
    of.recent.record(0, outcome === 'failure', firstByte ?? -1);
    if (firstByte !== undefined) counts.duration.observe(firstByte / 1000);
  }

  /** The attempts of the last minute, by upstream and backend. Their durations are those until the response head. */
  get lastMinute(): NamedRows<readonly [upstream: string, backend: string]> {
    return rowsOf(
      [...this.#upstreams].flatMap(([upstream, { backends }]) =>
        Array.from(backends, ([backend, { recent }]) => [[upstream, backend] as const, recent] as const),
      ),
    );
  }

  /**
   * Called when `gatehouse_attempts_total` is scraped. A backend that discovery has removed loses its series at the first
   * scrape without a new count for it: addresses come and go for months, and the registry must not keep them all.
   */
  drainAttempts(counter: Counter<string>): void {
    const current = this.sources.backendIds();
    for (const [upstream, { backends }] of this.#upstreams) {
      for (const [backend, { outcomes }] of current.size === 0 ? [] : backends) {
        const counts = Object.values(outcomes);
        if (current.get(upstream)?.has(backend) || counts.some(({ pending }) => pending > 0)) continue;
        for (const count of counts) this.#attempts.remove(count, counter);
        backends.delete(backend);
      }
    }
    this.#attempts.drain(counter);
  }

  #upstream(upstream: string): UpstreamCounts {
    let counts = this.#upstreams.get(upstream);
    if (counts === undefined) {
      counts = { duration: this.durations.add({ upstream }), backends: new Map() };
      this.#upstreams.set(upstream, counts);
    }
    return counts;
  }
}
