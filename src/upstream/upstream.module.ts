import { Module } from '@nestjs/common';
import { GATEWAY_CONFIG } from '../config/config.module.js';
import type { GatewayConfig } from '../config/file/gateway.config.js';
import { THREAD, type Thread } from '../shared-memory/thread.js';
import { LoadTable } from './load/load-table.js';
import { Upstreams } from './upstreams.js';

/** Provides {@link Upstreams}, built from the configuration. */
@Module({
  providers: [
    {
      provide: Upstreams,
      inject: [GATEWAY_CONFIG, { token: THREAD, optional: true }],
      useFactory: (config: GatewayConfig, thread?: Thread) =>
        new Upstreams(config.upstreams, thread && new LoadTable(thread.loads, thread.index)),
    },
  ],
  exports: [Upstreams],
})
export class UpstreamModule {}
