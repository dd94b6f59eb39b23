import { join } from 'node:path';
import {
  type BeforeApplicationShutdown,
  type DynamicModule,
  Module,
  type ModuleMetadata,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { Logger } from 'pino';
import { Registry } from 'prom-client';
import { ActivityModule } from './admin/live/activity.module.js';
import { ThreadReporter } from './admin/live/thread-reporter.js';
import { AdminModule } from './admin/admin.module.js';
import type { AdminSources } from './admin/admin-sources.js';
import { CircuitBreakerModule } from './circuit-breaker/circuit-breaker.module.js';
import { GatewayConfigModule } from './config/config.module.js';
import type { GatewayConfig } from './config/file/gateway.config.js';
import { ExplainModule } from './explain/explain.module.js';
import { explainSource } from './explain/explain-source.js';
import { Explainer } from './explain/explainer.js';
import { Explanations } from './explain/explanations.js';
import { Gateway } from './gateway.js';
import { HealthMonitor } from './health/health-monitor.js';
import { HealthChecksModule } from './health/health-checks.module.js';
import { Readiness } from './health/readiness.js';
import { Listeners } from './listeners/listeners.js';
import { ListenersModule } from './listeners/listeners.module.js';
import { StartError } from './listeners/start-error.js';
import { LoggingModule, PINO } from './logging/logging.module.js';
import { Tail } from './logging/tail/tail.js';
import type { Sink } from './logging/sink.js';
import { TraceMetrics } from './metrics/trace-metrics.js';
import { MergedMetrics } from './metrics/merged-metrics.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { LiveConfig } from './process/live-config.js';
import { LiveConfigModule } from './process/live-config.module.js';
import { FRONT, type Front } from './process/front.js';
import { ConfigSource } from './process/config-source.js';
import { Succession } from './process/succession.js';
import { loggingOf } from './process/live-logging.js';
import { LiveRules } from './proxy/live-rules.js';
import { ProxyModule } from './proxy/proxy.module.js';
import { describeRoutes } from './routing/describe.js';
import { SecurityModule } from './security/security.module.js';
import { SharedCountsModule } from './shared-memory/shared-counts.js';
import { EventStreamsModule } from './sse/event-streams.module.js';
import { SseModule } from './sse/sse.module.js';
import { BackendControl } from './upstream/control/backend-control.js';
import { BackendControlModule } from './upstream/control/backend-control.module.js';
import { BackendDiscoveryModule } from './upstream/discovery/discovery.module.js';
import { UpstreamModule } from './upstream/upstream.module.js';
import { Upstreams } from './upstream/upstreams.js';
import { TracingModule } from './tracing/tracing.module.js';
import { packageRoot } from './package-root.js';
import { version } from './version.js';
import { WebSocketModule } from './websocket/websocket.module.js';

/** What an application can add to the gateway's modules. */
export interface GatewayOptions {
  /** Modules with your own strategies, policies, probes and forwarders, which the configuration names. */
  readonly imports?: NonNullable<ModuleMetadata['imports']>;
  /** The destination of log lines; default: standard output. */
  readonly logSink?: Sink;
  /**
   * True inside an application of your own: Nest has one logger for the whole process, and it stays yours. The gateway's own
   * lines, access lines among them, still go to the sink. Default: true for {@link GatewayModule}, false for `createGateway`.
   */
  readonly embedded?: boolean;
  /**
   * The name of this gateway in `Via`, by which it recognises a request that comes back to it (508 `LOOP`). Give all processes
   * of one gateway the same name: 1 to 64 letters, digits and `_ . ~ -`. Default: random, new with each start; a request that
   * goes in circles through several processes is then recognised when it reaches one of them for the second time.
   */
  readonly instance?: string;
  /** The number of the worker thread that this gateway is, of a larger one that shares its metrics. For the program itself. @internal */
  readonly worker?: number;
}

/**
 * The gateway, for an application of your own on any platform: its modules are part of your container, so that your strategies,
 * policies and overrides reach it, and its providers ({@link Gateway}, breakers by `@InjectCircuitBreaker`) reach you. It
 * listens on the addresses of its configuration when your application starts (`app.init()` or `app.listen()`), and ends
 * gracefully with it (`app.close()`, or a signal with `enableShutdownHooks()`): readiness first
 * (`onModuleDestroy`), then the drain (`beforeApplicationShutdown`). Nest calls every `onModuleDestroy` before the drain, so what your strategies
 * and guards need is to be closed in `onApplicationShutdown`. Your application's own port and routes are untouched. The configuration is a
 * value: `buildConfig`, `parseConfig` and `loadConfig` make one. An application holds one gateway: two of these modules stop its start.
 */
@Module({})
export class GatewayModule implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown {
  constructor(
    private readonly gateway: Gateway,
    private readonly readiness: Readiness,
    private readonly modules: ModulesContainer,
  ) {}

  /**
   * The creation of your application rejects, with a message of one line, when the configuration names a strategy, policy,
   * probe or forwarder that does not exist.
   */
  static forRoot(config: GatewayConfig, options: GatewayOptions = {}): DynamicModule {
    const { embedded = true, imports = [], instance, logSink, worker } = options;
    return {
      module: GatewayModule,
      imports: [
        GatewayConfigModule.forRoot(config, instance, embedded),
        LoggingModule.forRoot(loggingOf(config), logSink, embedded),
        TracingModule.forRoot({ version, counts: TraceMetrics, log: PINO }),
        MetricsModule.forRoot({ ...config.metrics, version, worker }),
        CircuitBreakerModule.forRoot(config),
        BackendControlModule,
        BackendDiscoveryModule,
        HealthChecksModule,
        EventStreamsModule,
        ProxyModule,
        SecurityModule,
        WebSocketModule,
        SseModule,
        ListenersModule,
        SharedCountsModule,
        LiveConfigModule,
        ActivityModule,
        ExplainModule,
        AdminModule.forRoot({
          imports: [
            ActivityModule,
            ExplainModule,
            HealthChecksModule,
            ListenersModule,
            LiveConfigModule,
            ProxyModule,
            UpstreamModule,
          ],
          inject: [
            Readiness,
            Registry,
            LiveRules,
            Upstreams,
            BackendControl,
            LiveConfig,
            ConfigSource,
            Succession,
            HealthMonitor,
            ThreadReporter,
            Listeners,
            Tail,
            PINO,
            Explainer,
            Explanations,
            { token: FRONT, optional: true },
          ],
          useFactory: adminSources,
          token: config.admin.token,
        }),
        ...imports,
      ],
      providers: [Gateway],
      exports: [Gateway, ProxyModule],
    };
  }

  onModuleInit(): void {
    // Most of their modules would be shared: the second would open the listeners of the first.
    const count = [...this.modules.values()].filter(({ providers }) => providers.has(Gateway)).length;
    if (count === 1) return;
    throw new StartError(
      `an application holds one gateway at present, and this one has ${count}: import GatewayModule.forRoot once, with all listeners and routes in one configuration`,
    );
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.gateway.start();
  }

  onModuleDestroy(): void {
    this.readiness.drain();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.gateway.stop();
  }
}

function adminSources(
  readiness: Readiness,
  metrics: Registry,
  rules: LiveRules,
  upstreams: Upstreams,
  control: BackendControl,
  live: LiveConfig,
  source: ConfigSource,
  succession: Succession,
  monitor: HealthMonitor,
  reporter: ThreadReporter,
  listeners: Listeners,
  tail: Tail,
  log: Logger,
  explainer: Explainer,
  explanations: Explanations,
  front?: Front,
): AdminSources {
  return {
    readiness,
    version,
    dashboard: join(packageRoot, 'dist', 'dashboard'),
    log,
    metrics: front?.metrics ?? new MergedMetrics(metrics, () => []),
    routes: () => describeRoutes(rules.current.plans.table),
    upstreams: () => upstreams,
    lastProbe: backend => monitor.last(backend),
    config: () => live.current,
    configVersion: () => live.version,
    listeners: () => front?.listeners ?? listeners.all,
    tails: front?.tails ?? tail,
    workers: () => front?.threads ?? [],
    reports: async question => {
      const main = { thread: 0, report: reporter.report(question) };
      const { missing, reports } = (await front?.report(question ?? {})) ?? { missing: [], reports: [] };
      return { reports: [main, ...reports], missing };
    },
    control,
    explain: explainSource(explainer, explanations),
    configRefusal: () => live.refusal?.message.split('\n', 1)[0],
    handOver: () => succession.handOver(),
    reload: () => source.reload(),
  };
}
