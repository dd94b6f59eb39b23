import type { Candidates } from '../upstream/backend.js';

interface Entry<Plan> {
  readonly candidates: Candidates;
  readonly plan: Plan;
}

const OTHERS = 7;

/**
 * Keeps the plan (a schedule, a table) that a strategy has made for an array of candidates, while that array is in use. Arrays
 * are compared by identity. The cache holds the plan in use and those of the last seven other arrays. A plan of those becomes
 * the one in use when its array comes again, so the short-lived array of a retry does not evict the plan of the standing array.
 */
export class PlanCache<Plan> {
  #candidates: Candidates | undefined;
  #plan: Plan | undefined;
  readonly #others: Entry<Plan>[] = [];
  #oldest = 0;

  /** `build` also gets the plan in use, so that it can reuse parts of it. */
  constructor(private readonly build: (candidates: Candidates, inUse: Plan | undefined) => Plan) {}

  /** The plan for these candidates; built when there is none. */
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
