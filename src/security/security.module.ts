import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { ConcurrencyPolicies } from './concurrency/concurrency-policies.js';
import { ConcurrencyStore, concurrencyStore } from './concurrency/concurrency-store.js';
import { CorsPolicies } from './cors/cors-policies.js';
import { CustomPolicies } from './custom/custom-policies.js';
import { NamedPolicies } from './custom/named-policies.js';
import { AuthPolicies } from './auth/auth-policies.js';
import { IpFilterPolicies } from './ip-filter/ip-filter-policies.js';
import { ExchangeGuard } from './exchange.guard.js';
import type { PolicySource } from './policy-source.js';
import { RateLimitPolicies } from './rate-limit/rate-limit-policies.js';
import { RateLimitModule } from './rate-limit/rate-limit.module.js';
import { RoutePolicies } from './route-policies.js';
import { SharedCounts, SharedCountsModule } from '../shared-memory/shared-counts.js';
import { ValidationPolicies } from './validation/validation-policies.js';

/** The sources of policies, one for each kind. */
const sources = [
  IpFilterPolicies,
  RateLimitPolicies,
  ConcurrencyPolicies,
  ValidationPolicies,
  CorsPolicies,
  CustomPolicies,
  AuthPolicies,
];

/** The guard that runs the policies of a route, and the sources of these policies. */
@Module({
  imports: [DiscoveryModule, RateLimitModule, SharedCountsModule],
  providers: [
    ExchangeGuard,
    NamedPolicies,
    {
      provide: ConcurrencyStore,
      inject: [SharedCounts],
      useFactory: (counts: SharedCounts) => concurrencyStore(counts.space('security.concurrency')),
    },
    ...sources,
    {
      provide: RoutePolicies,
      inject: sources,
      useFactory: (...all: PolicySource[]) => new RoutePolicies(all),
    },
  ],
  exports: [AuthPolicies, ExchangeGuard, RateLimitPolicies, RoutePolicies],
})
export class SecurityModule {}
