import {
  type CanActivate,
  type ExecutionContext,
  Inject,
  mixin,
  type OnModuleInit,
  type Provider,
  type Type,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, HttpAdapterHost, ModuleRef, ModulesContainer } from '@nestjs/core';
import type { RequestPolicy } from '../policy.js';
import { admit, platformOf } from './admission.js';
import { watchHandshakes } from '../sockets/handshakes.js';
import { policiesOf, type PolicyReference } from './asked-policies.js';
import { DeniedFilter } from './denied.filter.js';

/**
 * Makes the class of a guard that asks policies, in this order: for `@UseGuards`, or as `APP_GUARD`, before handlers of HTTP and WebSockets. A class is taken from the application's
 * providers, or created with its dependencies injected. A policy that is not found stops the start. {@link DeniedFilter} answers what it denies.
 */
export function policiesGuard(...references: readonly PolicyReference[]): Type<CanActivate> {
  class PoliciesGuard implements CanActivate, OnModuleInit {
    #policies: readonly RequestPolicy[] = [];

    constructor(
      @Inject(ModuleRef) private readonly providers: ModuleRef,
      @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
      @Inject(ModulesContainer) modules: ModulesContainer,
    ) {
      watchHandshakes(modules);
    }

    async onModuleInit(): Promise<void> {
      this.#policies = await policiesOf(references, this.providers);
    }

    canActivate(context: ExecutionContext): Promise<boolean> {
      return admit(context, this.#policies, platformOf(this.host));
    }
  }
  return mixin(PoliciesGuard);
}

/**
 * Providers that have policies asked before every handler of the application, and for what passes through a gateway in it as well. Denials are
 * problem documents.
 *
 * @example
 * ```ts
 * @Module({ providers: [...globalPolicies(KnownTenants)] })
 * class AppModule {}
 * ```
 */
export function globalPolicies(...references: readonly PolicyReference[]): Provider[] {
  return [
    { provide: APP_GUARD, useClass: policiesGuard(...references) },
    { provide: APP_FILTER, useClass: DeniedFilter },
  ];
}
