import { Module } from '@nestjs/common';
import { GATEWAY_CONFIG } from '../config/config.module.js';
import type { GatewayConfig } from '../config/file/gateway.config.js';
import { Upstreams } from './upstreams.js';

/** Provides {@link Upstreams}, built from the configuration. */
@Module({
  providers: [
    {
      provide: Upstreams,
      inject: [GATEWAY_CONFIG],
      useFactory: (config: GatewayConfig) => new Upstreams(config.upstreams),
    },
  ],
  exports: [Upstreams],
})
export class UpstreamModule {}
