import { Inject } from '@nestjs/common';
import type { Backend, Candidates } from '../upstream/backend.js';
import { PlanCache } from './plan-cache.js';
import { RANDOM_SOURCE, type RandomSource } from '../random/random-source.js';
import { Strategy, type LoadBalancingStrategy } from './strategy.js';
import { WeightedSampler } from './weighted-sampler.js';

/**
 * Any backend, in proportion to its weight. Has no state, so many gateways in front of the same backends never pick in step
 * with each other.
 */
@Strategy('random')
export class Random implements LoadBalancingStrategy {
  readonly #samplers: PlanCache<WeightedSampler>;

  constructor(@Inject(RANDOM_SOURCE) random: RandomSource) {
    this.#samplers = new PlanCache(candidates => new WeightedSampler(candidates, random));
  }

  pick(candidates: Candidates): Backend {
    return candidates[this.#samplers.planFor(candidates).draw()] as Backend;
  }
}
