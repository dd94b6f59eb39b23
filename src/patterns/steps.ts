/** More work was asked for than there were steps. */
export class StepsSpent extends Error {
  constructor() {
    super('the steps are spent');
  }
}

const spent = new StepsSpent();

/** Work that may still be done: a clock that counts steps, so that what it bounds ends at the same place on every machine. */
export class Steps {
  #left: number;

  constructor(most: number) {
    this.#left = most;
  }

  /** Begins anew, with that many. */
  reset(most: number): void {
    this.#left = most;
  }

  get left(): number {
    return this.#left;
  }

  /** Takes that many. @throws StepsSpent when there are not so many left. */
  take(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw spent;
  }
}
