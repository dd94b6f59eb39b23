import { applyDecorators, UseFilters, UseGuards } from '@nestjs/common';
import type { PolicyReference } from './asked-policies.js';
import { DeniedFilter } from './denied.filter.js';
import { policiesGuard } from './policies-guard.js';

/**
 * Guards a controller of your own, or one of its handlers, with policies, asked in this order; those of the controller come
 * first. On Express and Fastify. A class is taken from the application's providers, or created with its dependencies injected. A policy that is not
 * found stops the start. Denials are problem documents. For a policy that reads bodies the application must keep them: `{
 * rawBody: true }`.
 *
 * @example
 * ```ts
 * @Controller('reports')
 * @UsePolicies(KnownTenants)
 * class Reports {}
 * ```
 */
export function UsePolicies(...references: readonly PolicyReference[]): ClassDecorator & MethodDecorator {
  return applyDecorators(UseGuards(policiesGuard(...references)), UseFilters(DeniedFilter));
}
