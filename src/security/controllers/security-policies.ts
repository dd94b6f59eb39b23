import { Inject, Injectable } from '@nestjs/common';
import { GATEWAY_CONFIG } from '../../config/config.module.js';
import type { GatewayConfig } from '../../config/file/gateway.config.js';
import type { RequestPolicy } from '../policy.js';
import { RoutePolicies } from '../route-policies.js';
import { policiesFor } from './policies-for.js';

/** Makes policies of `security` blocks, without a gateway around them: for tests of what a block refuses. */
@Injectable()
export class SecurityPolicies {
  constructor(
    private readonly policies: RoutePolicies,
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
  ) {}

  /**
   * The policies of a block, in the order in which requests meet them. Rejects with a ConfigError for wrong settings, and for `cors` and `headers`, which are no policies.
   */
  of(security: object): Promise<readonly RequestPolicy[]> {
    return policiesFor(this.policies, this.config, security);
  }
}
