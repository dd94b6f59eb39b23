import { Controller, Get, Header, Inject, Optional, ServiceUnavailableException } from '@nestjs/common';
import { Readiness } from './readiness.js';
import {
  HEALTH_CHECKS,
  HEALTH_INDICATORS,
  type HealthCheckResult,
  type HealthChecks,
  type HealthIndicatorResult,
  type HealthIndicators,
} from './terminus.js';
import { UpstreamHealth } from './upstream-health.js';

/** Token of a function that says why the configuration that was asked for last is not in force; undefined: it is. */
export const CONFIG_REFUSAL = Symbol('CONFIG_REFUSAL');

/** An answer is true for the moment alone. */
const unkept = ['Cache-Control', 'no-cache, no-store, must-revalidate'] as const;

/**
 * Health in the form of Terminus: `{ status, info, error, details }`, 200 or 503.
 *
 * - `/health/live`: 200 while the process can answer at all. Use only this one to decide on restarting a container.
 * - `/health/startup`: 503 until the gateway has been ready for the first time, then 200 for as long as the process lives.
 * - `/health/ready`: 503 while starting or draining, and when no upstream has an available backend. An upstream
 *   without backends does not make the gateway unready as long as another one works: its routes answer 503
 *   themselves, and taking the whole gateway out would take the working routes with it.
 * - `/health`: the same verdict, with the backends that are out and the reasons, in `details`. Degraded, and 200, also while a changed configuration
 *   is refused and the one before is in force.
 */
@Controller('health')
export class HealthController {
  constructor(
    @Inject(HEALTH_CHECKS) private readonly checks: HealthChecks,
    @Inject(HEALTH_INDICATORS) private readonly indicators: HealthIndicators,
    private readonly upstreams: UpstreamHealth,
    private readonly readiness: Readiness,
    @Optional() @Inject(CONFIG_REFUSAL) private readonly configRefusal: () => string | undefined = () => undefined,
  ) {}

  /** False where Terminus is not installed: nothing else works then. */
  get canCheck(): boolean {
    return (this.checks as HealthChecks | undefined) !== undefined;
  }

  @Get()
  @Header(...unkept)
  async health(): Promise<HealthCheckResult> {
    const detailed = this.#results(true);
    const { body, isWell } = await this.#check(this.#results(false));
    // The reasons stand in `details` alone.
    return answer({ ...body, details: Object.assign({}, ...detailed) as HealthIndicatorResult }, isWell);
  }

  @Get('ready')
  @Header(...unkept)
  async ready(): Promise<HealthCheckResult> {
    const { body, isWell } = await this.#check(this.#results(false));
    return answer(body, isWell);
  }

  @Get('live')
  @Header(...unkept)
  async live(): Promise<HealthCheckResult> {
    const { body } = await this.#check([this.indicators.check('process').up()]);
    return answer({ ...body, status: 'ok' }, true);
  }

  @Get('startup')
  @Header(...unkept)
  async startup(): Promise<HealthCheckResult> {
    const { state, wasReady } = this.readiness;
    const indicator = this.indicators.check('gateway');
    const { body } = await this.#check([wasReady ? indicator.up({ state }) : indicator.down({ state })]);
    return answer({ ...body, status: wasReady ? 'ok' : 'error' }, wasReady);
  }

  /** Terminus throws what is not well, and calls everything not well once the application around the gateway has begun to end. */
  async #check(results: readonly HealthIndicatorResult[]): Promise<{ body: HealthCheckResult; isWell: boolean }> {
    try {
      return { body: await this.checks.check(results.map(result => () => result)), isWell: true };
    } catch (error) {
      if (!(error instanceof ServiceUnavailableException)) throw error;
      return { body: error.getResponse() as HealthCheckResult, isWell: false };
    }
  }

  #results(detailed: boolean): readonly HealthIndicatorResult[] {
    return [this.#gateway(detailed), ...this.upstreams.check(detailed)];
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

function answer(body: HealthCheckResult, isWell: boolean): HealthCheckResult {
  if (isWell) return body;
  throw new ServiceUnavailableException(body);
}
