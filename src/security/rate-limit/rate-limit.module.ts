import { Module } from '@nestjs/common';
import type { Logger } from 'pino';
import { Registry } from 'prom-client';
import { GATEWAY_CONFIG } from '../../config/config.module.js';
import type { GatewayConfig } from '../../config/file/gateway.config.js';
import { PINO } from '../../logging/logging.module.js';
import { CellTable } from '../../shared-memory/cell-table.js';
import { LimitStore } from './limit-store.js';
import { MemoryLimitStore } from './memory-limit-store.js';
import { RedisLimitStore } from './redis-limit-store.js';
import { showEvictions, StoreObserver } from './store-observer.js';

/** Token of the memory for counting rate limits (`CellTable.allocate()`), which threads may share; default: memory of its own. */
export const RATE_LIMIT_MEMORY = Symbol('RATE_LIMIT_MEMORY');

/** Provides the configured store of rate limits as {@link LimitStore}; the policies call it directly. */
@Module({
  providers: [
    {
      provide: LimitStore,
      inject: [GATEWAY_CONFIG, Registry, PINO, { token: RATE_LIMIT_MEMORY, optional: true }],
      useFactory: createStore,
    },
  ],
  exports: [LimitStore],
})
export class RateLimitModule {}

function createStore(
  { rateLimitStore }: GatewayConfig,
  registry: Registry,
  pino: Logger,
  memory: SharedArrayBuffer | undefined,
): LimitStore {
  const local = new MemoryLimitStore(memory === undefined ? undefined : new CellTable(memory));
  showEvictions(registry, () => local.evictions);
  if (rateLimitStore === 'memory') return local;
  return new RedisLimitStore(rateLimitStore, local, new StoreObserver(pino, registry));
}
