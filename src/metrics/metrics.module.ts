import { Module, type DynamicModule } from '@nestjs/common';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { AttemptMetrics } from './attempt-metrics.js';
import { CertificateMetrics, certificateMetricProviders } from './certificate-metrics.js';
import { CircuitMetrics, circuitMetricProviders } from './circuit-metrics.js';
import { ConfigMetrics, configMetricProviders } from './config-metrics.js';
import { ConnectionMetrics, connectionMetricProviders } from './connection-metrics.js';
import { DiscoveryMetrics, discoveryMetricProviders } from './discovery-metrics.js';
import { ExchangeMetrics } from './exchange-metrics.js';
import { attemptMetricProviders, exchangeMetricProviders } from './traffic-metrics.js';
import { stateMetricProviders } from './state-metrics.js';
import { MetricsSources } from './metrics-sources.js';
import { ProbeMetrics, probeMetricProviders } from './probe-metrics.js';
import { RetryMetrics, retryMetricProviders } from './retry-metrics.js';
import { Beats } from './recent/beats.js';
import { RecentTraffic } from './recent/recent-traffic.js';
import { ThreadFigures, threadFigureProviders } from './thread-figures.js';
import { TraceMetrics, traceMetricProviders } from './trace-metrics.js';
import { TunnelMetrics, tunnelMetricProviders } from './tunnel-metrics.js';
import { StreamMetrics, streamMetricProviders } from './stream-metrics.js';
import { WorkerMetrics, workerMetricProviders } from './worker-metrics.js';

/** Settings of the metrics. */
export interface MetricsSettings {
  /** Upper bounds of the duration histograms, in seconds, ascending. */
  readonly buckets: readonly number[];
  /** Those of the durations of each backend; default: the same. */
  readonly backendBuckets?: readonly number[];
  /** The gateway's version, for `gatehouse_build_info`; default: that metric is left out. */
  readonly version?: string;
  /** Number of the worker thread whose metrics these are, as a label; default: those of the main thread. */
  readonly worker?: number | undefined;
  /** False leaves out the metrics of the process (CPU, memory, event loop). Default: true in the main thread, false in workers, where they would count twice. */
  readonly processMetrics?: boolean;
}

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

/**
 * The gateway's metrics, in a registry of their own, so that several gateways in one process do not share metrics. Offers
 * prom-client's `Registry`, {@link ExchangeMetrics}, {@link AttemptMetrics}, {@link CircuitMetrics} and {@link MetricsSources}.
 * It does not serve them: `/metrics` belongs to the admin listener.
 */
@Module({})
export class MetricsModule {
  static forRoot(settings: MetricsSettings): DynamicModule {
    const { buckets, backendBuckets = buckets, version, worker, processMetrics = worker === undefined } = settings;
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
    return {
      module: MetricsModule,
      global: true,
      providers: [
        { provide: Registry, useValue: registry },
        MetricsSources,
        ...exchangeMetricProviders(registry, buckets),
        ...attemptMetricProviders(registry, buckets, backendBuckets),
        ...stateMetricProviders(registry),
        ...probeMetricProviders(registry),
        ...circuitMetricProviders(registry),
        ...retryMetricProviders(registry),
        ...certificateMetricProviders(registry),
        ...connectionMetricProviders(registry),
        ...tunnelMetricProviders(registry),
        ...streamMetricProviders(registry),
        ...traceMetricProviders(registry),
        ...configMetricProviders(registry),
        ...discoveryMetricProviders(registry),
        ...workerMetricProviders(registry),
        ...threadFigureProviders(registry, worker === undefined ? 'main' : String(worker)),
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
