import { type CanActivate, type ExecutionContext, Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import type { RequestPolicy } from '../policy.js';
import { watchHandshakes } from '../sockets/handshakes.js';
import { admit, platformOf } from './admission.js';
import { OwnPolicies } from './own-policies.js';

/**
 * Guards controllers and gateways of your own with what the configuration of the gateway says under `security`: addresses, limits, validation,
 * authentication, policies. It is the block that routes without one of their own have, so limits are counted together with theirs; after a change of the
 * configuration it is the new one. `cors` and `headers` concern responses, and are not looked at. With `@UseGuards`, or as `APP_GUARD`: what passes
 * through the gateway is left to the policies of its route. Of several gateways in the application it is the one without a name.
 *
 * A denial is answered by Nest's own filter, or yours: with the status, the fields and the members of the problem document.
 * {@link DeniedFilter} makes it a problem document.
 *
 * @example
 * ```ts
 * @Controller('reports')
 * @UseGuards(PolicyGuard)
 * class Reports {}
 * ```
 */
@Injectable()
export class PolicyGuard implements CanActivate, OnModuleInit {
  #policies: () => readonly RequestPolicy[] = () => [];

  constructor(
    private readonly own: OwnPolicies,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    @Inject(ModulesContainer) modules: ModulesContainer,
  ) {
    watchHandshakes(modules);
  }

  async onModuleInit(): Promise<void> {
    this.#policies = await this.own.follow();
  }

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = context.switchToHttp().getRequest<{ readonly exchange?: object } | undefined>();
    if (context.getType() === 'http' && request?.exchange !== undefined) return true;
    return admit(context, this.#policies(), platformOf(this.host));
  }
}
