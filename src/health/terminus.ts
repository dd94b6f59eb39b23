import { createRequire } from 'node:module';
import type { DynamicModule, Provider } from '@nestjs/common';
import type { HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import { optionalPackage } from '../packages/optional-package.js';

/** Tokens of what the gateway uses of Terminus: its classes are known only when it is loaded. */
export const [HEALTH_CHECKS, HEALTH_INDICATORS] = [Symbol('HEALTH_CHECKS'), Symbol('HEALTH_INDICATORS')];

/** Reports one or several results as one body. */
export type HealthChecks = Pick<HealthCheckService, 'check'>;

/** Makes results. */
export type HealthIndicators = Pick<HealthIndicatorService, 'check'>;

/**
 * Terminus, which is loaded here. It does not log: a load balancer that probes each second would fill the log with the same failure.
 * Throws a MissingPackageError where it is not installed.
 */
export function terminus(): { readonly module: DynamicModule; readonly providers: readonly Provider[] } {
  const library = optionalPackage<typeof import('@nestjs/terminus')>(
    'the health of the gateway',
    '@nestjs/terminus',
    () => createRequire(import.meta.url)('@nestjs/terminus'),
  );
  return {
    module: library.TerminusModule.forRoot({ logger: false }),
    providers: [
      { provide: HEALTH_CHECKS, useExisting: library.HealthCheckService },
      { provide: HEALTH_INDICATORS, useExisting: library.HealthIndicatorService },
    ],
  };
}
