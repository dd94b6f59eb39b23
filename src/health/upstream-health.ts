import { Inject, Injectable } from '@nestjs/common';
import { HEALTH_INDICATORS, type HealthIndicatorResult, type HealthIndicators } from './terminus.js';
import { UPSTREAM_STATES, type BackendState, type UpstreamState, type UpstreamStates } from './upstream-states.js';

/**
 * One indicator for each upstream. `up`: all its backends are available. `degraded`: some backends are not available, or none
 * is while another upstream has one. `down`: no backend of any upstream is available.
 */
@Injectable()
export class UpstreamHealth {
  constructor(
    @Inject(HEALTH_INDICATORS) private readonly indicators: HealthIndicators,
    @Inject(UPSTREAM_STATES) private readonly states: UpstreamStates,
  ) {}

  /**
   * With `detailed`, each indicator lists the backends that are out, by their vetoes in `out`, and in `reasons` the reasons
   * that were given for the vetoes; in `weight0` those that get no new requests because their weight was set to 0 by hand; in `discovery`, why it
   * cannot be said which backends there are now.
   */
  check(detailed: boolean): HealthIndicatorResult[] {
    const states = [...this.states()];
    const allDown = states.every(({ available }) => available.length === 0);
    return states.map(state => this.#indicate(state, allDown, detailed));
  }

  #indicate(state: UpstreamState, allDown: boolean, detailed: boolean): HealthIndicatorResult {
    const { name, backends, available, discoveryFailure } = state;
    const out = backends.filter(({ vetoes }) => vetoes.size > 0);
    const weightless = backends.filter(({ weight }) => weight === 0).map(({ id }) => id);
    const data = {
      backends: backends.length,
      available: available.length,
      ...(detailed ? details(out) : {}),
      ...(detailed && weightless.length > 0 && { weight0: weightless }),
      ...(detailed && discoveryFailure !== undefined && { discovery: `fails: ${discoveryFailure}` }),
    };
    const indicator = this.indicators.check(`upstream:${name}`);
    if (available.length > 0) return out.length === 0 ? indicator.up(data) : indicator.degraded(data);
    return allDown ? indicator.down(data) : indicator.degraded(data);
  }
}

function details(out: readonly BackendState[]): object {
  const explained = out.filter(({ reasons }) => reasons !== undefined && reasons.size > 0);
  const reasons = explained.map(backend => [backend.id, Object.fromEntries(backend.reasons ?? [])]);
  return {
    out: Object.fromEntries(out.map(({ id, vetoes }) => [id, [...vetoes]])),
    ...(reasons.length > 0 ? { reasons: Object.fromEntries(reasons) as object } : {}),
  };
}
