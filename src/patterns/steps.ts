/** Thrown when a work needs more steps than are left. */
export class StepsSpent extends Error {
  constructor() {
    super('the steps are spent');
  }
}

const spent = new StepsSpent();

/** A budget of work, counted in steps instead of time, so that the limit is reached at the same place on every machine. */
export class Steps {
  #left: number;

  constructor(most: number) {
    this.#left = most;
  }

  /** Sets the budget to `most` steps. */
  reset(most: number): void {
    this.#left = most;
  }

  get left(): number {
    return this.#left;
  }

  /** Takes `steps` from the budget. @throws StepsSpent when fewer are left. */
  take(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw spent;
  }
}
