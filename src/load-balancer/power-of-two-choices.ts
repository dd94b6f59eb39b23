import { Inject } from '@nestjs/common';
import type { Backend, Candidates } from '../upstream/backend.js';
import { PlanCache } from './plan-cache.js';
import { RANDOM_SOURCE, type RandomSource } from '../random/random-source.js';
import { Strategy, type LoadBalancingStrategy } from './strategy.js';
import { WeightedSampler } from './weighted-sampler.js';

/**
 * Of two backends drawn by weight, the one with fewer exchanges in flight for its weight; the first drawn when they are equal.
 * Nearly as even as least-connections, at a cost that does not grow with the number of backends.
 */
@Strategy('power-of-two-choices')
export class PowerOfTwoChoices implements LoadBalancingStrategy {
  readonly #samplers: PlanCache<WeightedSampler>;

  constructor(@Inject(RANDOM_SOURCE) random: RandomSource) {
    this.#samplers = new PlanCache(candidates => new WeightedSampler(candidates, random));
  }

  pick(candidates: Candidates): Backend {
    if (candidates.length === 1) return candidates[0];
    const sampler = this.#samplers.planFor(candidates);
    const index = sampler.draw();
    const one = candidates[index] as Backend;
    const other = candidates[sampler.drawOther(index)] as Backend;
    return other.inFlight * one.weight < one.inFlight * other.weight ? other : one;
  }
}
