import { Inject, Injectable } from '@nestjs/common';
import { GATEWAY_CONFIG } from '../../config/config.module.js';
import type { GatewayConfig } from '../../config/file/gateway.config.js';
import type { RequestPolicy } from '../policy.js';
import { RoutePolicies } from '../route-policies.js';

/** What the configuration in force says under `security`, for controllers of an application. Made when it is first asked for. */
@Injectable()
export class OwnPolicies {
  constructor(
    private readonly policies: RoutePolicies,
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
  ) {}

  /** Gives the policies in force, with each call. Rejects, in one line, for what the configuration asks for and the application does not have. */
  async follow(): Promise<() => readonly RequestPolicy[]> {
    const inForce = await this.policies.inherited(this.config);
    return () => inForce.current;
  }
}
