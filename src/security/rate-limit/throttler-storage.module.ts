import { Module } from '@nestjs/common';
import { ThrottlerModule } from '@nestjs/throttler';
import { LimitStore } from './limit-store.js';
import { RateLimitModule } from './rate-limit.module.js';

/**
 * Makes the store of rate limits the `ThrottlerStorage` of the application, so that `ThrottlerGuard` and `@Throttle()` of
 * modules that are added to the gateway count in the same cells, or on the same Redis server. The gateway's own limits are
 * policies: a guard of `@nestjs/throttler` would wait for half a dozen promises, and run before the claims are known. Not part
 * of a gateway inside another application, which may have a ThrottlerModule of its own: that is a global module.
 */
@Module({
  imports: [
    ThrottlerModule.forRootAsync({
      imports: [RateLimitModule],
      inject: [LimitStore],
      useFactory: (storage: LimitStore) => ({ throttlers: [], storage }),
    }),
  ],
  exports: [ThrottlerModule],
})
export class ThrottlerStorageModule {}
