import { join } from 'node:path';
import { type DynamicModule, type InjectionToken, Module, type Type } from '@nestjs/common';
import type { Logger } from 'pino';
import { Registry } from 'prom-client';
import { ActivityModule } from '../admin/live/activity.module.js';
import { ThreadReporter } from '../admin/live/thread-reporter.js';
import { AdminModule } from '../admin/admin.module.js';
import type { AdminSources } from '../admin/admin-sources.js';
import { CircuitBreakerModule } from '../circuit-breaker/circuit-breaker.module.js';
import { GATEWAY_CONFIG, GatewayConfigModule } from '../config/config.module.js';
import type { GatewayConfig } from '../config/file/gateway.config.js';
import { ExplainModule } from '../explain/explain.module.js';
import { explainSource } from '../explain/explain-source.js';
import { Explainer } from '../explain/explainer.js';
import { Explanations } from '../explain/explanations.js';
import { HealthMonitor } from '../health/health-monitor.js';
import { HealthChecksModule } from '../health/health-checks.module.js';
import { Readiness } from '../health/readiness.js';
import { Listeners } from '../listeners/listeners.js';
import { ListenersModule } from '../listeners/listeners.module.js';
import { READY_OPTIONS, type ReadyOptions } from './gateway-options.js';
import { LoggingModule, PINO } from '../logging/logging.module.js';
import { Tail } from '../logging/tail/tail.js';
import { hostSink } from '../logging/host-sink.js';
import { TraceMetrics } from '../metrics/trace-metrics.js';
import { MergedMetrics } from '../metrics/merged-metrics.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { LiveConfig } from '../process/live-config.js';
import { LiveConfigModule } from '../process/live-config.module.js';
import { FRONT, type Front } from '../process/front.js';
import { ConfigSource } from '../process/config-source.js';
import { Succession } from '../process/succession.js';
import { loggingOf } from '../process/live-logging.js';
import { LiveRules } from '../proxy/live-rules.js';
import { ProxyModule } from '../proxy/proxy.module.js';
import { describeRoutes } from '../routing/describe.js';
import { OwnControllersModule } from '../security/controllers/own-controllers.module.js';
import { SecurityModule } from '../security/security.module.js';
import { SharedCountsModule } from '../shared-memory/shared-counts.js';
import { EventStreamsModule } from '../sse/event-streams.module.js';
import { SseModule } from '../sse/sse.module.js';
import { BackendControl } from '../upstream/control/backend-control.js';
import { BackendControlModule } from '../upstream/control/backend-control.module.js';
import { BackendDiscoveryModule } from '../upstream/discovery/discovery.module.js';
import { UpstreamModule } from '../upstream/upstream.module.js';
import { Upstreams } from '../upstream/upstreams.js';
import { TracingModule } from '../tracing/tracing.module.js';
import { packageRoot } from '../package-root.js';
import { version } from '../version.js';
import { WebSocketModule } from '../websocket/websocket.module.js';

/** Has what is known of a gateway before its configuration. */
@Module({})
export class GatewayOptionsModule {}

/** What is known of a gateway when its modules are put together. */
export interface KnownParts {
  /** Offers {@link READY_OPTIONS}. */
  readonly options: DynamicModule;
  /** See `embedded` of the options. */
  readonly embedded: boolean;
  /** The name of the gateway; empty: it has none. */
  readonly name?: string;
  /** The configuration, where it is known already. May throw. */
  readonly config?: (() => GatewayConfig) | undefined;
  readonly instance?: string | undefined;
  /** The name by which its breakers are injected; default: {@link name}. */
  readonly breakersOf?: string;
}

/** What the other modules of a gateway need: configuration, log, traces, metrics, breakers. */
export function foundations(known: KnownParts): DynamicModule[] {
  const { embedded, name = '', breakersOf = name } = known;
  const inject = (...tokens: InjectionToken[]) => [READY_OPTIONS, ...tokens];
  return [
    known.options,
    configModule(known),
    LoggingModule.forRootAsync({ inject: inject(GATEWAY_CONFIG), useFactory: logOf, embedded }),
    TracingModule.forRoot({ version, counts: TraceMetrics, log: PINO }),
    MetricsModule.forRootAsync({
      inject: inject(GATEWAY_CONFIG),
      useFactory: ({ worker }: ReadyOptions, { metrics }: GatewayConfig) => ({ ...metrics, version, worker }),
    }),
    CircuitBreakerModule.forRoot({ gateway: breakersOf, config: configNow(known.config) }),
  ];
}

/** The modules of a gateway. */
export function gatewayParts(known: KnownParts): (Type | DynamicModule)[] {
  return [
    ...foundations(known),
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
    }),
    // What it offers to the whole application is of one gateway.
    ...((known.name ?? '') === '' ? [OwnControllersModule] : []),
  ];
}

/** Where the configuration is known, the application's ConfigService has it as well: of the gateway without a name. */
function configModule({ config, embedded, instance, name = '' }: KnownParts): DynamicModule {
  if (config !== undefined && name === '') return GatewayConfigModule.forRoot(config, instance, embedded);
  return GatewayConfigModule.forRootAsync({ inject: [READY_OPTIONS], useFactory: (options: ReadyOptions) => options });
}

/** Undefined where it is not known, or wrong: the creation of the application then says what is wrong. */
function configNow(config: KnownParts['config']): GatewayConfig | undefined {
  try {
    return config?.();
  } catch {
    return undefined;
  }
}

function logOf({ logSink, logger }: ReadyOptions, config: GatewayConfig) {
  const settings = loggingOf(config);
  if (logSink !== undefined || logger === undefined || logger === 'own') return { settings, sink: logSink };
  // Its lines are made by the logger.
  const asJson = { ...settings, format: 'json' as const, access: { ...settings.access } };
  if (settings.access.file === '') asJson.access.format = 'json';
  return { settings: asJson, sink: hostSink(logger), isPrompt: true };
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
    token: live.current.admin.token,
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
