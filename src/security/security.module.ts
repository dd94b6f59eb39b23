import { Module } from '@nestjs/common';
import { PolicyGuard } from './policy.guard.js';
import type { PolicySource } from './policy-source.js';
import { RoutePolicies } from './route-policies.js';
import { ValidationPolicies } from './validation/validation-policies.js';

/** What makes policies from the configuration, one for each kind. */
const sources = [ValidationPolicies];

/** The guard that runs the policies of a route, and what makes these from the configuration; use it on controllers of your own as well. */
@Module({
  providers: [
    PolicyGuard,
    ...sources,
    {
      provide: RoutePolicies,
      inject: sources,
      useFactory: (...all: PolicySource[]) => new RoutePolicies(all),
    },
  ],
  exports: [PolicyGuard, RoutePolicies],
})
export class SecurityModule {}
