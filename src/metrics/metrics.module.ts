import { Module, type DynamicModule, type FactoryProvider, type ModuleMetadata, type Provider } from '@nestjs/common';
import { collectDefaultMetrics, Gauge, Registry, type Metric } from 'prom-client';
import { AttemptMetrics } from './attempt-metrics.js';
import { CertificateMetrics, certificateMetricProviders } from './certificate-metrics.js';
import { CircuitMetrics, circuitMetricProviders } from './circuit-metrics.js';
import { ConfigMetrics, configMetricProviders } from './config-metrics.js';
import { ConnectionMetrics, connectionMetricProviders } from './connection-metrics.js';
import { DiscoveryMetrics, discoveryMetricProviders } from './discovery-metrics.js';
import { ExchangeMetrics } from './exchange-metrics.js';
import { attemptMetricProviders, exchangeMetricProviders } from './traffic-metrics.js';
import { stateMetricProviders } from './state-metrics.js';
import { METRICS_SETTINGS, type MetricsSettings } from './metrics-settings.js';
import { MetricsSources } from './metrics-sources.js';

export type { MetricsSettings } from './metrics-settings.js';
import { ProbeMetrics, probeMetricProviders } from './probe-metrics.js';
import { RetryMetrics, retryMetricProviders } from './retry-metrics.js';
import { Beats } from './recent/beats.js';
import { RecentTraffic } from './recent/recent-traffic.js';
import { ThreadFigures, threadFigureProviders } from './thread-figures.js';
import { TraceMetrics, traceMetricProviders } from './trace-metrics.js';
import { TunnelMetrics, tunnelMetricProviders } from './tunnel-metrics.js';
import { StreamMetrics, streamMetricProviders } from './stream-metrics.js';
import { WorkerMetrics, workerMetricProviders } from './worker-metrics.js';

let processRegistry: Registry | undefined;

/** CPU, memory and event loop, measured once for all gateways of the process: each collector leaves an observer behind that nothing ends. */
function ofTheProcess(): Registry {
  if (processRegistry === undefined) collectDefaultMetrics({ register: (processRegistry = new Registry()) });
  return processRegistry;
}

/** To count what is open, each scrape would walk through all connections; and names of gauges do not end in `_total`. */
const left = /^nodejs_active_/;

function shareMetrics(from: Registry, to: Registry): void {
  for (const { name } of from.getMetricsAsArray()) {
    if (!left.test(name)) to.registerMetric(from.getSingleMetric(name)!);
  }
}

function createRegistry(settings: MetricsSettings): Registry {
  const { version, worker, processMetrics = worker === undefined } = settings;
  const registry = new Registry();
  if (processMetrics) shareMetrics(ofTheProcess(), registry);
  if (version !== undefined) {
    new Gauge({
      name: 'gatehouse_build_info',
      help: 'Always 1; the version is its label.',
      labelNames: ['version'],
      aggregator: 'first',
      registers: [registry],
    }).set({ version }, 1);
  }
  return registry;
}

/** The provider of a metric that is in no registry, as one that puts it into the gateway's. */
function registered(provider: Provider): Provider {
  if (!isMetric(provider)) return provider;
  const { inject = [], useFactory } = provider;
  return {
    ...provider,
    inject: [Registry, ...inject],
    useFactory: (registry: Registry, ...dependencies: unknown[]) => {
      const metric = useFactory(...dependencies) as Metric;
      registry.registerMetric(metric);
      return metric;
    },
  };
}

function isMetric(provider: Provider): provider is FactoryProvider {
  return typeof provider === 'object' && 'useFactory' in provider && typeof provider.provide === 'string';
}

/** How the settings are made from providers of other modules. */
interface MetricsSettingsFactory extends Pick<ModuleMetadata, 'imports'> {
  readonly inject: NonNullable<FactoryProvider['inject']>;
  readonly useFactory: (...injected: never[]) => MetricsSettings;
}

/**
 * The gateway's metrics, in a registry of their own, so that several gateways in one process do not share metrics. Offers
 * prom-client's `Registry`, {@link ExchangeMetrics}, {@link AttemptMetrics}, {@link CircuitMetrics} and {@link MetricsSources}.
 * It does not serve them: `/metrics` belongs to the admin listener.
 */
@Module({})
export class MetricsModule {
  static forRoot(settings: MetricsSettings): DynamicModule {
    return MetricsModule.forRootAsync({ inject: [], useFactory: () => settings });
  }

  static forRootAsync({ imports = [], inject, useFactory }: MetricsSettingsFactory): DynamicModule {
    return {
      module: MetricsModule,
      global: true,
      imports,
      providers: [
        { provide: METRICS_SETTINGS, inject, useFactory } as FactoryProvider,
        { provide: Registry, inject: [METRICS_SETTINGS], useFactory: createRegistry },
        MetricsSources,
        ...[
          ...exchangeMetricProviders(),
          ...attemptMetricProviders(),
          ...stateMetricProviders(),
          ...probeMetricProviders(),
          ...circuitMetricProviders(),
          ...retryMetricProviders(),
          ...certificateMetricProviders(),
          ...connectionMetricProviders(),
          ...tunnelMetricProviders(),
          ...streamMetricProviders(),
          ...traceMetricProviders(),
          ...configMetricProviders(),
          ...discoveryMetricProviders(),
          ...workerMetricProviders(),
          ...threadFigureProviders(),
        ].map(registered),
      ],
      exports: [
        Registry,
        MetricsSources,
        ExchangeMetrics,
        AttemptMetrics,
        ProbeMetrics,
        CircuitMetrics,
        RetryMetrics,
        CertificateMetrics,
        ConnectionMetrics,
        TunnelMetrics,
        StreamMetrics,
        TraceMetrics,
        ConfigMetrics,
        DiscoveryMetrics,
        WorkerMetrics,
        Beats,
        RecentTraffic,
        ThreadFigures,
      ],
    };
  }
}
