import { Injectable, type Provider } from '@nestjs/common';
import { InjectMetric, makeCounterProvider, makeGaugeProvider } from '@willsoto/nestjs-prometheus';
import { Counter, Gauge } from 'prom-client';

/** Provides {@link ProbeMetrics} and its metrics. */
export function probeMetricProviders(): Provider[] {
  return [
    ProbeMetrics,
    makeCounterProvider({
      name: 'gatehouse_probes_total',
      help: 'Active health checks of a backend, by what they found.',
      labelNames: ['upstream', 'backend', 'result'],
      registers: [],
    }),
    makeGaugeProvider({
      name: 'gatehouse_backend_healthy',
      help: '1 while active health checks find the backend healthy, else 0; only for backends that are checked.',
      labelNames: ['upstream', 'backend'],
      aggregator: 'min',
      registers: [],
    }),
  ];
}

/** The result of a probe; `inconclusive`: it could not ask, because the process had no descriptor left. */
type ProbeVerdict = 'healthy' | 'unhealthy' | 'inconclusive';

/** Records active health checks. */
@Injectable()
export class ProbeMetrics {
  constructor(
    @InjectMetric('gatehouse_probes_total') private readonly probes: Counter<string>,
    @InjectMetric('gatehouse_backend_healthy') private readonly healthy: Gauge<string>,
  ) {}

  /** Counts a probe that has ended. */
  probed(upstream: string, backend: string, result: ProbeVerdict): void {
    this.probes.inc({ upstream, backend, result });
  }

  /** The backend is not probed any more. */
  forget(upstream: string, backend: string): void {
    this.healthy.remove({ upstream, backend });
    for (const result of ['healthy', 'unhealthy', 'inconclusive']) this.probes.remove({ upstream, backend, result });
  }

  /** Sets the verdict on a backend. Also called before the first probe, so that the gauge and both counts are shown from the start. */
  verdict(upstream: string, backend: string, healthy: boolean): void {
    this.healthy.set({ upstream, backend }, healthy ? 1 : 0);
    for (const result of ['healthy', 'unhealthy']) this.probes.inc({ upstream, backend, result }, 0);
  }
}
