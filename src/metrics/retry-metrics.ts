import { Injectable, type Provider } from '@nestjs/common';
import { InjectMetric, makeCounterProvider } from '@willsoto/nestjs-prometheus';
import { Counter } from 'prom-client';
import { CircuitMetrics } from './circuit-metrics.js';
import { MetricsSources } from './metrics-sources.js';

/** Why an attempt is followed by another. */
const reasons = ['connect-failure', 'reset', 'timeout', 'status', 'stale'];

/** Records retries, hedged attempts and fallbacks. These are rare, so they are counted at once instead of at the scrape. */
@Injectable()
export class RetryMetrics {
  constructor(
    @InjectMetric('gatehouse_retries_total') private readonly retries: Counter<string>,
    @InjectMetric('gatehouse_retries_withheld_total') private readonly retriesWithheld: Counter<string>,
    @InjectMetric('gatehouse_hedges_total') private readonly hedges: Counter<string>,
    @InjectMetric('gatehouse_fallbacks_total') private readonly fallbacks: Counter<string>,
    private readonly circuits: CircuitMetrics,
  ) {}

  /** Counts an attempt that is followed by another. `reason`: one of a fixed list. */
  retried(upstream: string, reason: string): void {
    this.retries.inc({ upstream, reason });
  }

  /** Counts a retry or hedged attempt that the budget did not allow. */
  withheld(upstream: string): void {
    this.retriesWithheld.inc({ upstream });
  }

  /** Counts a second attempt that was started beside a slow one. */
  hedged(upstream: string): void {
    this.hedges.inc({ upstream });
  }

  /** Counts an exchange that got the fallback of the upstream. */
  fellBack(upstream: string): void {
    this.fallbacks.inc({ upstream });
  }

  /** Counts an exchange that found no backend as a rejection by each backend whose circuit is open. */
  refused(upstream: {
    readonly name: string;
    readonly backends: readonly { readonly id: string; readonly vetoes: ReadonlySet<string> }[];
  }): void {
    for (const { id, vetoes } of upstream.backends) {
      if (vetoes.has('circuit-open')) this.circuits.rejected(upstream.name, id);
    }
  }
}

/** {@link RetryMetrics} and the providers of its metrics. */
export function retryMetricProviders(): Provider[] {
  const counter = (name: string, help: string, ...labelNames: string[]): Provider =>
    makeCounterProvider({
      name,
      help,
      labelNames,
      registers: [],
      inject: [MetricsSources],
      // Each upstream is shown from zero on: of a series that begins with one, Prometheus does not see the first.
      collect(sources: MetricsSources) {
        for (const { upstream } of sources.budgets()) {
          if (labelNames.includes('reason')) for (const reason of reasons) this.inc({ upstream, reason }, 0);
          else this.inc({ upstream }, 0);
        }
      },
    });
  return [
    RetryMetrics,
    counter(
      'gatehouse_retries_total',
      'Attempts that followed a failed one, by why that failed. stale: it met a connection that the backend was just closing.',
      'upstream',
      'reason',
    ),
    counter('gatehouse_retries_withheld_total', 'Attempts that the retry budget did not allow.', 'upstream'),
    counter('gatehouse_hedges_total', 'Second attempts that were started beside a slow one.', 'upstream'),
    counter('gatehouse_fallbacks_total', 'Exchanges that got the fallback of the upstream.', 'upstream'),
  ];
}
