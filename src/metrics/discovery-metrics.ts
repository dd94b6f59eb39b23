import { Injectable, type Provider } from '@nestjs/common';
import { InjectMetric, makeCounterProvider, makeGaugeProvider } from '@willsoto/nestjs-prometheus';
import { Counter, Gauge } from 'prom-client';

/** Provides {@link DiscoveryMetrics} and its metrics. */
export function discoveryMetricProviders(): Provider[] {
  return [
    DiscoveryMetrics,
    makeGaugeProvider({
      name: 'gatehouse_discovery_backends',
      help: 'Backends that were found last; only for upstreams with discovery.',
      labelNames: ['upstream'],
      aggregator: 'max',
      registers: [],
    }),
    makeGaugeProvider({
      name: 'gatehouse_discovery_failing',
      help: '1 while the last attempt to find backends has failed, so that those found before are used, else 0.',
      labelNames: ['upstream'],
      aggregator: 'max',
      registers: [],
    }),
    makeCounterProvider({
      name: 'gatehouse_discovery_failures_total',
      help: 'Attempts to find backends that have failed.',
      labelNames: ['upstream'],
      registers: [],
    }),
  ];
}

/** Records how backends are found. */
@Injectable()
export class DiscoveryMetrics {
  constructor(
    @InjectMetric('gatehouse_discovery_backends') private readonly backends: Gauge<string>,
    @InjectMetric('gatehouse_discovery_failing') private readonly failing: Gauge<string>,
    @InjectMetric('gatehouse_discovery_failures_total') private readonly failures: Counter<string>,
  ) {}

  /** Discovery begins, so that its metrics are shown from zero on. */
  begun(upstream: string): void {
    this.failing.set({ upstream }, 0);
    this.failures.inc({ upstream }, 0);
    this.backends.inc({ upstream }, 0);
  }

  found(upstream: string, backends: number): void {
    this.backends.set({ upstream }, backends);
  }

  answered(upstream: string): void {
    this.failing.set({ upstream }, 0);
  }

  failed(upstream: string): void {
    this.failing.set({ upstream }, 1);
    this.failures.inc({ upstream });
  }

  /** The upstream has no discovery any more. */
  forget(upstream: string): void {
    for (const metric of [this.backends, this.failing, this.failures]) metric.remove({ upstream });
  }
}
