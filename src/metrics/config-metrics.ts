import { Injectable, type Provider } from '@nestjs/common';
import { InjectMetric, makeCounterProvider, makeGaugeProvider } from '@willsoto/nestjs-prometheus';
import { Counter, Gauge } from 'prom-client';

/** Provides {@link ConfigMetrics} and its metrics. The names follow those of Prometheus and Alertmanager. */
export function configMetricProviders(): Provider[] {
  return [
    ConfigMetrics,
    makeGaugeProvider({
      name: 'gatehouse_config_reload_success',
      help: '1 while the configuration that was asked for last is in force, 0 while it was refused and the one before still is.',
      aggregator: 'min',
      registers: [],
    }),
    makeGaugeProvider({
      name: 'gatehouse_config_reload_success_timestamp_seconds',
      help: 'When the configuration in force took effect, in seconds since 1970.',
      aggregator: 'min',
      registers: [],
    }),
    makeGaugeProvider({
      name: 'gatehouse_config_hash',
      help: 'A number that differs when the configuration in force does, to compare instances by.',
      aggregator: 'first',
      registers: [],
    }),
    makeCounterProvider({
      name: 'gatehouse_config_reloads_total',
      help: 'Configurations that were asked for while the gateway ran, by what became of them: applied, unchanged, refused.',
      labelNames: ['result'],
      // Each thread is asked for each of them. The main thread counts.
      aggregator: 'first',
      registers: [],
    }),
  ];
}

/** What became of a configuration that was asked for. */
export type ReloadResult = 'applied' | 'unchanged' | 'refused';

/** Records which configuration is in force. */
@Injectable()
export class ConfigMetrics {
  constructor(
    @InjectMetric('gatehouse_config_reload_success') private readonly success: Gauge<string>,
    @InjectMetric('gatehouse_config_reload_success_timestamp_seconds') private readonly time: Gauge<string>,
    @InjectMetric('gatehouse_config_hash') private readonly hash: Gauge<string>,
    @InjectMetric('gatehouse_config_reloads_total') private readonly reloads: Counter<string>,
  ) {
    for (const result of ['applied', 'unchanged', 'refused']) reloads.inc({ result }, 0);
  }

  /** A configuration is in force from now on. `hash`: a number of at most 48 bits. */
  inForce(hash: number): void {
    this.success.set(1);
    this.time.set(Date.now() / 1000);
    this.hash.set(hash);
  }

  /** Counts a configuration that was asked for. */
  asked(result: ReloadResult): void {
    this.reloads.inc({ result });
    this.success.set(result === 'refused' ? 0 : 1);
  }
}
