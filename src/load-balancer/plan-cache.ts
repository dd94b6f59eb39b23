import type { Candidates } from '../upstream/backend.js';

interface Entry<Plan> {
  readonly candidates: Candidates;
  readonly plan: Plan;
}

const OTHERS = 7;

/**
 * What a strategy has worked out for an array of candidates (a schedule, a table), kept while that array is in use. Arrays are
 * told apart by identity. Besides the plan in use it holds those of the last seven other arrays. One of them takes over when it
 * comes again, so the short-lived array of a retry does not cost the standing one its plan.
 */
export class PlanCache<Plan> {
  #candidates: Candidates | undefined;
  #plan: Plan | undefined;
  readonly #others: Entry<Plan>[] = [];
  #oldest = 0;

  /** `build` gets the plan in use too, so that what it knows can be carried over. */
  constructor(private readonly build: (candidates: Candidates, inUse: Plan | undefined) => Plan) {}

  /** The plan for these candidates, built if need be. */
  planFor(candidates: Candidates): Plan {
    if (candidates === this.#candidates) return this.#plan as Plan;
    return this.#planForOther(candidates);
  }

  #planForOther(candidates: Candidates): Plan {
    const index = this.#others.findIndex(other => other.candidates === candidates);
    const plan = this.#others[index]?.plan ?? this.build(candidates, this.#plan);
    if (this.#candidates === undefined) {
      this.#use(candidates, plan);
    } else if (index >= 0) {
      this.#others[index] = { candidates: this.#candidates, plan: this.#plan as Plan };
      this.#use(candidates, plan);
    } else {
      this.#others[this.#oldest] = { candidates, plan };
      this.#oldest = (this.#oldest + 1) % OTHERS;
    }
    return plan;
  }

  #use(candidates: Candidates, plan: Plan): void {
    this.#candidates = candidates;
    this.#plan = plan;
  }
}
