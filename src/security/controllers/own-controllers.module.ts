import { Global, Module } from '@nestjs/common';
import { GatewayThrottlerStorage } from '../rate-limit/gateway-throttler-storage.js';
import { RateLimitModule } from '../rate-limit/rate-limit.module.js';
import { SecurityModule } from '../security.module.js';
import { OwnPolicies } from './own-policies.js';

/** What guards on controllers of an application need of the gateway in it, in whichever module they stand. */
@Global()
@Module({
  imports: [RateLimitModule, SecurityModule],
  providers: [GatewayThrottlerStorage, OwnPolicies],
  exports: [GatewayThrottlerStorage, OwnPolicies],
})
export class OwnControllersModule {}
