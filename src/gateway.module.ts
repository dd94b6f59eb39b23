import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { GatewayConfigModule } from './config/config.module.js';
import type { GatewayConfig } from './config/gateway.config.js';
import { LoggingModule } from './logging/logging.module.js';
import type { Sink } from './logging/sink.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { ProxyModule } from './proxy/proxy.module.js';
import { version } from './version.js';

/** What can be added to a gateway's wiring. */
export interface GatewayOptions {
  /** Modules with strategies (and whatever else is found by name) of your own. */
  readonly imports?: NonNullable<ModuleMetadata['imports']>;
  /** Where log lines go; default: standard output. */
  readonly logSink?: Sink;
}

/** A gateway as a Nest module. The configuration is a value: `parseConfig`, `loadConfig` and `buildConfig` make one. */
@Module({})
export class GatewayModule {
  static forRoot(config: GatewayConfig, { imports = [], logSink }: GatewayOptions = {}): DynamicModule {
    return {
      module: GatewayModule,
      imports: [
        GatewayConfigModule.forRoot(config),
        LoggingModule.forRoot(config.logging, logSink),
        MetricsModule.forRoot({ buckets: config.metrics.buckets, version }),
        ProxyModule,
        ...imports,
      ],
      exports: [ProxyModule],
    };
  }
}
