import { Module } from '@nestjs/common';
import { ThrottlerModule } from '@nestjs/throttler';
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

/** Token of the memory that rate limits are counted in (`CellTable.allocate()`), where threads share one; default: memory of its own. */
export const RATE_LIMIT_MEMORY = Symbol('RATE_LIMIT_MEMORY');

/** The store of rate limits that the configuration asks for: {@link LimitStore}. */
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
class LimitStoreModule {}

/**
 * Rate limits. The gateway's own are policies, which ask the {@link LimitStore} directly: the memory answers at once, and a
 * guard of `@nestjs/throttler` would wait for half a dozen promises, know nothing of HTTP/2 and WebSockets, and run before
 * there are claims. The same store is the `ThrottlerStorage` of the application, so `ThrottlerGuard` and `@Throttle()` of
 * controllers in modules that are added to the gateway count in the same cells, or on the same Redis server.
 */
@Module({
  imports: [
    LimitStoreModule,
    ThrottlerModule.forRootAsync({
      imports: [LimitStoreModule],
      inject: [LimitStore],
      useFactory: (storage: LimitStore) => ({ throttlers: [], storage }),
    }),
  ],
  exports: [LimitStoreModule, ThrottlerModule],
})
export class RateLimitModule {}

function createStore(
  { rateLimitStore }: GatewayConfig,
  registry: Registry,
  pino: Logger,
  memory: SharedArrayBuffer | undefined,
): LimitStore {
  const local = new MemoryLimitStore(new CellTable(memory));
  showEvictions(registry, () => local.cells.evictions);
  if (rateLimitStore === 'memory') return local;
  return new RedisLimitStore(rateLimitStore, local, new StoreObserver(pino, registry));
}
