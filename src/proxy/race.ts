import type { Attempt } from './attempt.js';
import type { UnderWay } from './lasting/under-way.js';

/** Starts the second attempt of a race. */
export interface Starter {
  hedge(race: Race): void;
}

/**
 * An attempt, and after a while a second one on another backend: the first that answers wins, and the other is given up
 * (Dean and Barroso, The Tail at Scale, 2013: hedged requests).
 */
export class Race implements UnderWay {
  /** The attempts under way: one or two. */
  readonly #running: Attempt[] = [];
  readonly #timer: NodeJS.Timeout;

  /** `after`: milliseconds until the second attempt. */
  constructor(after: number, starter: Starter) {
    this.#timer = setTimeout(() => starter.hedge(this), after);
  }

  /** The attempts that have entered it and not ended. */
  get running(): readonly Attempt[] {
    return this.#running;
  }

  enter(attempt: Attempt): void {
    this.#running.push(attempt);
  }

  /** The attempt answers the client. */
  won(winner: Attempt): void {
    clearTimeout(this.#timer);
    for (const attempt of [...this.#running]) if (attempt !== winner) this.#leave(attempt).giveUp();
  }

  /** The attempt has ended without an answer. True: another is under way, and it alone decides what becomes of the exchange. */
  lost(attempt: Attempt): boolean {
    this.#leave(attempt);
    if (this.#running.length > 0) return true;
    clearTimeout(this.#timer);
    return false;
  }

  giveUp(): void {
    clearTimeout(this.#timer);
    for (const attempt of [...this.#running]) this.#leave(attempt).giveUp();
  }

  #leave(attempt: Attempt): Attempt {
    const place = this.#running.indexOf(attempt);
    if (place !== -1) this.#running.splice(place, 1);
    return attempt;
  }
}
