import { Controller, Get } from '@nestjs/common';
import {
  HealthCheck,
  HealthCheckService,
  HealthIndicatorService,
  type HealthCheckResult,
  type HealthIndicatorResult,
} from '@nestjs/terminus';
import { Readiness } from './readiness.js';
import { UpstreamHealth } from './upstream-health.js';

/**
 * Health in the form of Terminus: `{ status, info, error, details }`, 200 or 503.
 *
 * - `/health/live`: 200 while the process can answer at all. Use only this one to decide on restarting a container.
 * - `/health/ready`: 503 while starting or draining, and when no upstream has an available backend. An upstream
 *   without backends does not make the gateway unready as long as another one works: its routes answer 503
 *   themselves, and taking the whole gateway out would take the working routes with it.
 * - `/health`: the same verdict, with the backends that are out and the reasons.
 */
@Controller('health')
export class HealthController {
  constructor(
    private readonly checks: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly upstreams: UpstreamHealth,
    private readonly readiness: Readiness,
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
    const results = [this.#gateway(), ...this.upstreams.check(detailed)];
    return this.checks.check(results.map(result => () => result));
  }

  #gateway(): HealthIndicatorResult {
    const { state } = this.readiness;
    const indicator = this.indicators.check('gateway');
    return state === 'ready' ? indicator.up({ state }) : indicator.down({ state });
  }
}
