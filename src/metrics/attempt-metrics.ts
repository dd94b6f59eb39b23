import { Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { MetricsSources } from './metrics-sources.js';
import { RecentTraffic, rowsOf, type NamedRows } from './recent/recent-traffic.js';
import type { RecentWindow } from './recent/recent-window.js';
import { classLabel } from './status-label.js';
import { Tally, type Count } from './tally.js';
import { Timings, type Timing } from './timings.js';

/** How an attempt on a backend ended. */
type AttemptOutcome = 'success' | 'failure' | 'ignored';

interface BackendCounts {
  readonly upstream: string;
  readonly backend: string;
  readonly duration: Timing;
  /** By the first digit of the status; those that have been answered. */
  readonly responses: (Count | undefined)[];
  readonly outcomes: Readonly<Record<AttemptOutcome, Count>>;
  readonly recent: RecentWindow;
}

interface UpstreamCounts {
  readonly duration: Timing;
  readonly queued: Timing;
  readonly backends: Map<string, BackendCounts>;
}

/** Records the attempts of exchanges on backends. */
@Injectable()
export class AttemptMetrics {
  readonly #attempts = new Tally();
  readonly #responses = new Tally();
  /** Of backends that are gone. */
  #goneResponses: Count[] = [];
  /** Shown by `gatehouse_attempt_duration_seconds`. */
  readonly durations: Timings;
  /** Shown by `gatehouse_backend_response_duration_seconds`. */
  readonly byBackend: Timings;
  /** Shown by `gatehouse_queue_duration_seconds`. */
  readonly queued: Timings;
  readonly #upstreams = new Map<string, UpstreamCounts>();

  /** `buckets`: upper bounds of the durations, in seconds, ascending; `backendBuckets`: those of the durations of each backend. */
  constructor(
    buckets: readonly number[],
    backendBuckets: readonly number[],
    private readonly sources: MetricsSources,
    private readonly recent = new RecentTraffic(),
  ) {
    this.durations = new Timings(buckets);
    this.queued = new Timings(buckets);
    this.byBackend = new Timings(backendBuckets);
  }

  /**
   * An attempt has ended. `firstByte`: milliseconds until the response head, undefined when none arrived; `status`: that of the response, 0 when there was
   * none.
   */
  attempt(upstream: string, backend: string, outcome: AttemptOutcome, firstByte: number | undefined, status = 0): void {
    const counts = this.#upstream(upstream);
    let of = counts.backends.get(backend);
    if (of === undefined) counts.backends.set(backend, (of = this.#backend(upstream, backend)));
    of.outcomes[outcome].pending++;
    of.recent.record(0, outcome === 'failure', firstByte ?? -1);
    if (status > 0) this.#response(of, status).pending++;
    if (firstByte === undefined) return;
    counts.duration.observe(firstByte / 1000);
    of.duration.observe(firstByte / 1000);
  }

  /** A request has waited for a place at a backend, and waits no more, however that ended. */
  waited(upstream: string, milliseconds: number): void {
    this.#upstream(upstream).queued.observe(milliseconds / 1000);
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
      for (const [backend, of] of current.size === 0 ? [] : backends) {
        const counts = Object.values(of.outcomes);
        if (current.get(upstream)?.has(backend) || counts.some(({ pending }) => pending > 0)) continue;
        for (const count of counts) this.#attempts.remove(count, counter);
        this.#goneResponses.push(...of.responses.filter(count => count !== undefined));
        this.byBackend.remove(of.duration);
        backends.delete(backend);
      }
    }
    this.#attempts.drain(counter);
  }

  /** Called when `gatehouse_backend_responses_total` is scraped. */
  drainResponses(counter: Counter<string>): void {
    for (const count of this.#goneResponses) this.#responses.remove(count, counter);
    this.#goneResponses = [];
    this.#responses.drain(counter);
  }

  #upstream(upstream: string): UpstreamCounts {
    let counts = this.#upstreams.get(upstream);
    if (counts === undefined) {
      const [duration, queued] = [this.durations.add({ upstream }), this.queued.add({ upstream })];
      this.#upstreams.set(upstream, (counts = { duration, queued, backends: new Map() }));
    }
    return counts;
  }

  #backend(upstream: string, backend: string): BackendCounts {
    const count = (outcome: AttemptOutcome): Count => this.#attempts.add({ upstream, backend, outcome });
    return {
      upstream,
      backend,
      outcomes: { success: count('success'), failure: count('failure'), ignored: count('ignored') },
      responses: [],
      duration: this.byBackend.add({ upstream, backend }),
      recent: this.recent.window(),
    };
  }

  #response({ backend, responses, upstream }: BackendCounts, status: number): Count {
    const first = status >= 600 ? 0 : Math.floor(status / 100);
    return (responses[first] ??= this.#responses.add({ upstream, backend, status: classLabel(status) }));
  }
}
