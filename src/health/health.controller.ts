import { Controller, Get, Inject, Optional } from '@nestjs/common';
import {
  HealthCheck,
  HealthCheckService,
  HealthIndicatorService,
  type HealthCheckResult,
  type HealthIndicatorResult,
} from '@nestjs/terminus';
import { Readiness } from './readiness.js';
import { UpstreamHealth } from './upstream-health.js';

/** Token of a function that says why the configuration that was asked for last is not in force; undefined: it is. */
export const CONFIG_REFUSAL = Symbol('CONFIG_REFUSAL');

/**
 * Health in the form of Terminus: `{ status, info, error, details }`, 200 or 503.
 *
 * - `/health/live`: 200 while the process can answer at all. Use only this one to decide on restarting a container.
 * - `/health/ready`: 503 while starting or draining, and when no upstream has an available backend. An upstream
 *   without backends does not make the gateway unready as long as another one works: its routes answer 503
 *   themselves, and taking the whole gateway out would take the working routes with it.
 * - `/health`: the same verdict, with the backends that are out and the reasons. Degraded, and 200, also while a changed configuration is refused
 *   and the one before is in force.
 */
@Controller('health')
export class HealthController {
  constructor(
    private readonly checks: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly upstreams: UpstreamHealth,
    private readonly readiness: Readiness,
    @Optional() @Inject(CONFIG_REFUSAL) private readonly configRefusal: () => string | undefined = () => undefined,
  ) {}

  @Get()
  @HealthCheck()
  health(): Promise<HealthCheckResult> {
    return this.#check(true);
  }

  @Get('ready')
  @HealthCheck()
  ready(): Promise<HealthCheckResult> {
    return this.#check(false);
  }

  @Get('live')
  @HealthCheck()
  live(): Promise<HealthCheckResult> {
    return this.checks.check([() => this.indicators.check('process').up()]);
  }

  #check(detailed: boolean): Promise<HealthCheckResult> {
    const results = [this.#gateway(detailed), ...this.upstreams.check(detailed)];
    return this.checks.check(results.map(result => () => result));
  }

  #gateway(detailed: boolean): HealthIndicatorResult {
    const { state } = this.readiness;
    const indicator = this.indicators.check('gateway');
    if (state !== 'ready') return indicator.down({ state });
    const refusal = this.configRefusal();
    if (refusal === undefined) return indicator.up({ state });
    return indicator.degraded({ state, ...(detailed && { configuration: `not changed: ${refusal}` }) });
  }
}
