import { createRequire } from 'node:module';
import type { DynamicModule, Provider, Type } from '@nestjs/common';
import type { HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import { ifInstalled, optionalPackage } from '../packages/optional-package.js';

/** Tokens of what the gateway uses of Terminus: its classes are known only when it is loaded. */
export const [HEALTH_CHECKS, HEALTH_INDICATORS] = [Symbol('HEALTH_CHECKS'), Symbol('HEALTH_INDICATORS')];

/** Reports one or several results as one body. */
export type HealthChecks = Pick<HealthCheckService, 'check'>;

/** Makes results. */
export type HealthIndicators = Pick<HealthIndicatorService, 'check'>;

/** The name of its package. */
export const TERMINUS = '@nestjs/terminus';

/**
 * Terminus, which is loaded here. It does not log: a load balancer that probes each second would fill the log with the same failure.
 * Where it is not installed there is nothing that could check, and the admin listener says so.
 */
export function terminus(): { readonly modules: readonly DynamicModule[]; readonly providers: readonly Provider[] } {
  const library = ifInstalled(load);
  const given = (token: symbol, service: Type | undefined): Provider =>
    service === undefined ? { provide: token, useValue: undefined } : { provide: token, useExisting: service };
  return {
    modules: library === undefined ? [] : [library.TerminusModule.forRoot({ logger: false })],
    providers: [
      given(HEALTH_CHECKS, library?.HealthCheckService),
      given(HEALTH_INDICATORS, library?.HealthIndicatorService),
    ],
  };
}

function load(): typeof import('@nestjs/terminus') {
  return optionalPackage('the health of the gateway', TERMINUS, () =>
    createRequire(import.meta.url)('@nestjs/terminus'),
  );
}
