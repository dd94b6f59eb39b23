import { Injectable, type Provider } from '@nestjs/common';
import { InjectMetric, makeCounterProvider } from '@willsoto/nestjs-prometheus';
import { Counter, type Registry } from 'prom-client';
import { CircuitMetrics } from './circuit-metrics.js';

/** Records what is done for exchanges whose attempts fail. Rare enough to count at once. */
@Injectable()
export class RetryMetrics {
  constructor(
    @InjectMetric('gatehouse_retries_total') private readonly retries: Counter<string>,
    @InjectMetric('gatehouse_retries_withheld_total') private readonly retriesWithheld: Counter<string>,
    @InjectMetric('gatehouse_hedges_total') private readonly hedges: Counter<string>,
    @InjectMetric('gatehouse_fallbacks_total') private readonly fallbacks: Counter<string>,
    private readonly circuits: CircuitMetrics,
  ) {}

  /** An attempt is followed by another. `reason`: one of a fixed list. */
  retried(upstream: string, reason: string): void {
    this.retries.inc({ upstream, reason });
  }

  /** The budget did not allow a retry or a hedged attempt. */
  withheld(upstream: string): void {
    this.retriesWithheld.inc({ upstream });
  }

  /** A second attempt was started beside a slow one. */
  hedged(upstream: string): void {
    this.hedges.inc({ upstream });
  }

  /** An exchange got the fallback of the upstream. */
  fellBack(upstream: string): void {
    this.fallbacks.inc({ upstream });
  }

  /** An exchange found no backend: counts against each whose circuit is open. */
  refused(upstream: {
    readonly name: string;
    readonly backends: readonly { readonly id: string; readonly vetoes: ReadonlySet<string> }[];
  }): void {
    for (const { id, vetoes } of upstream.backends) {
      if (vetoes.has('circuit-open')) this.circuits.rejected(upstream.name, id);
    }
  }
}

/** {@link RetryMetrics} and the providers of its metrics, in `registry`. */
export function retryMetricProviders(registry: Registry): Provider[] {
  const counter = (name: string, help: string, ...labelNames: string[]): Provider =>
    makeCounterProvider({ name, help, labelNames, registers: [registry] });
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
