import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { CircuitBreakerModule } from './circuit-breaker/circuit-breaker.module.js';
import { GatewayConfigModule } from './config/config.module.js';
import { CredentialFields } from './security/credential-fields.js';
import type { GatewayConfig } from './config/file/gateway.config.js';
import { HealthChecksModule } from './health/health-checks.module.js';
import { LoggingModule, type LoggingSettings } from './logging/logging.module.js';
import type { Sink } from './logging/sink.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { ProxyModule } from './proxy/proxy.module.js';
import { EventStreamsModule } from './sse/event-streams.module.js';
import { SseModule } from './sse/sse.module.js';
import { version } from './version.js';
import { WebSocketModule } from './websocket/websocket.module.js';

/** What can be added to a gateway's wiring. */
export interface GatewayOptions {
  /** Modules with strategies (and whatever else is found by name) of your own. */
  readonly imports?: NonNullable<ModuleMetadata['imports']>;
  /** Where log lines go; default: standard output. */
  readonly logSink?: Sink;
  /**
   * True inside an application of your own: Nest keeps one logger for the whole process, and it stays yours. The gateway's own
   * lines, access lines among them, still go to the sink. Default false.
   */
  readonly embedded?: boolean;
  /**
   * Tells this gateway from others in `Via`, so that a request that comes back to it is found out (508 `LOOP`). Give the processes of
   * one gateway the same: 1 to 64 letters, digits and `_ . ~ -`. Default: random, new with each start; then a request that goes round
   * through several processes is found out when it comes to one of them for the second time.
   */
  readonly instance?: string;
}

/** The wiring of one gateway: what `createGateway` makes an application of. */
@Module({})
export class ApplicationModule {
  static forRoot(config: GatewayConfig, { imports = [], instance, logSink }: GatewayOptions = {}): DynamicModule {
    return {
      module: ApplicationModule,
      imports: [
        GatewayConfigModule.forRoot(config, instance),
        LoggingModule.forRoot(loggingOf(config), logSink),
        MetricsModule.forRoot({ buckets: config.metrics.buckets, version }),
        CircuitBreakerModule.forRoot(config),
        HealthChecksModule,
        EventStreamsModule,
        ProxyModule,
        WebSocketModule,
        SseModule,
        ...imports,
      ],
      exports: [ProxyModule],
    };
  }
}

/** Fields for API keys may have any name: they are hidden as well. */
function loggingOf(config: GatewayConfig): LoggingSettings {
  const { access, ...settings } = config.logging;
  const { apiKeys } = new CredentialFields(config);
  return { ...settings, access: { ...access, redact: [...access.redact, ...apiKeys] } };
}
