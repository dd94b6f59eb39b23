import { createRequire } from 'node:module';
import type { DynamicModule, Provider, Type } from '@nestjs/common';
import { ifInstalled, optionalPackage } from '../packages/optional-package.js';

/** Tokens of what the gateway uses of Terminus: its classes are known only when it is loaded. */
export const [HEALTH_CHECKS, HEALTH_INDICATORS] = [Symbol('HEALTH_CHECKS'), Symbol('HEALTH_INDICATORS')];

/** Results by their names, as Terminus has them: told here, because it is installed only where it is used. */
export type HealthIndicatorResult = Record<string, { status: 'up' | 'down' | 'degraded' } & Record<string, unknown>>;

/** The body of an answer. */
export interface HealthCheckResult {
  /** Whether all is well, in one word. */
  readonly status: 'ok' | 'degraded' | 'error' | 'shutting_down';
  /** What is well. */
  readonly info?: HealthIndicatorResult;
  /** What is not. */
  readonly error?: HealthIndicatorResult;
  /** Both. */
  readonly details: HealthIndicatorResult;
}

/** Reports one or several results as one body: `HealthCheckService` of Terminus. */
export interface HealthChecks {
  check(results: readonly (() => HealthIndicatorResult)[]): Promise<HealthCheckResult>;
}

/** Makes the result of one name. */
interface Indicator {
  up(data?: object): HealthIndicatorResult;
  down(data?: object): HealthIndicatorResult;
  degraded(data?: object): HealthIndicatorResult;
}

/** Makes results: `HealthIndicatorService` of Terminus. */
export interface HealthIndicators {
  check(name: string): Indicator;
}

/** The module of Terminus, which is loaded here; undefined where it is not installed. */
export const terminusModule = (): Type | undefined => ifInstalled(load)?.TerminusModule;

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
