import { type DynamicModule, Module, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { GatewayOptions } from './application.module.js';
import type { GatewayConfig } from './config/file/gateway.config.js';
import { createGateway, Gateway } from './gateway.js';

/**
 * A gateway inside an application of your own. It listens on the addresses of its configuration when your application
 * starts (`app.init()` or `app.listen()`), and ends gracefully with it (`app.close()`, or a signal with
 * `enableShutdownHooks()`); your application's own port and routes are untouched. The configuration is a value:
 * `buildConfig`, `parseConfig` and `loadConfig` make one. The {@link Gateway} can be injected.
 */
@Module({})
export class GatewayModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(private readonly gateway: Gateway) {}

  /** Strategies and the like go into `options.imports`: the gateway is an application of its own and sees nothing else of yours. */
  static forRoot(config: GatewayConfig, options: Omit<GatewayOptions, 'embedded'> = {}): DynamicModule {
    return {
      module: GatewayModule,
      providers: [{ provide: Gateway, useFactory: () => createGateway(config, { ...options, embedded: true }) }],
      exports: [Gateway],
    };
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.gateway.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.gateway.stop();
  }
}
