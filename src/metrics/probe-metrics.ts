import { Injectable, type Provider } from '@nestjs/common';
import { InjectMetric, makeCounterProvider, makeGaugeProvider } from '@willsoto/nestjs-prometheus';
import { Counter, Gauge, type Registry } from 'prom-client';

/** Provides {@link ProbeMetrics} and its metrics, in `registry`. */
export function probeMetricProviders(registry: Registry): Provider[] {
  const registers = [registry];
  return [
    ProbeMetrics,
    makeCounterProvider({
      name: 'gatehouse_probes_total',
      help: 'Active health checks of a backend, by what they found.',
      labelNames: ['upstream', 'backend', 'result'],
      registers,
    }),
    makeGaugeProvider({
      name: 'gatehouse_backend_healthy',
      help: '1 while active health checks find the backend healthy, else 0; only for backends that are checked.',
      labelNames: ['upstream', 'backend'],
      aggregator: 'min',
      registers,
    }),
  ];
}

/** What a probe found; `inconclusive`: it could not ask for want of descriptors. */
export type ProbeVerdict = 'healthy' | 'unhealthy' | 'inconclusive';

/** Records active health checks. */
@Injectable()
export class ProbeMetrics {
  constructor(
    @InjectMetric('gatehouse_probes_total') private readonly probes: Counter<string>,
    @InjectMetric('gatehouse_backend_healthy') private readonly healthy: Gauge<string>,
  ) {}

  /** A probe of a backend has ended. */
  probed(upstream: string, backend: string, result: ProbeVerdict): void {
    this.probes.inc({ upstream, backend, result });
  }

  /** What the checks have come to think of a backend. Called first before any probe, so that the gauge and both counts show. */
  verdict(upstream: string, backend: string, healthy: boolean): void {
    this.healthy.set({ upstream, backend }, healthy ? 1 : 0);
    for (const result of ['healthy', 'unhealthy']) this.probes.inc({ upstream, backend, result }, 0);
  }
}
