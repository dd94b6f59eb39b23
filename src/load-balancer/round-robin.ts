import type { Backend, Candidates } from '../upstream/backend.js';
import { PlanCache } from './plan-cache.js';
import { Strategy, type LoadBalancingStrategy } from './strategy.js';
import { WeightedSchedule, type Position } from './weighted-schedule.js';

/**
 * Each backend in turn, in proportion to its weight and evenly spread. The default: suits backends that are alike and requests
 * that cost about the same.
 */
@Strategy('round-robin')
export class RoundRobin implements LoadBalancingStrategy {
  readonly #position: Position = { time: 0, picks: 0 };
  readonly #schedules = new PlanCache(candidates => new WeightedSchedule(candidates, this.#position));

  pick(candidates: Candidates): Backend {
    return this.#schedules.planFor(candidates).next();
  }

  foresee(candidates: Candidates): readonly Backend[] {
    return [this.#schedules.planFor(candidates).upcoming];
  }
}
