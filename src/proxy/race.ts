import type { UnderWay } from './lasting/under-way.js';

/** One of those that run a race. */
export interface Racer {
  giveUp(): void;
}

/** Starts the second attempt of a race. */
export interface Starter<R extends Racer> {
  hedge(race: Race<R>): void;
}

/**
 * An attempt, and after a while a second one on another backend: the first that answers wins, and the other is given up
 * (Dean and Barroso, The Tail at Scale, 2013: hedged requests).
 */
export class Race<R extends Racer> implements UnderWay {
  /** The attempts under way: one or two. */
  readonly #running: R[] = [];
  readonly #timer: NodeJS.Timeout;

  /** `after`: milliseconds until the second attempt. */
  constructor(after: number, starter: Starter<R>) {
    this.#timer = setTimeout(() => starter.hedge(this), after);
  }

  /** The attempts that have entered it and not ended. */
  get running(): readonly R[] {
    return this.#running;
  }

  enter(attempt: R): void {
    this.#running.push(attempt);
  }

  /** The attempt answers the client. */
  won(winner: R): void {
    clearTimeout(this.#timer);
    for (const attempt of [...this.#running]) if (attempt !== winner) this.#leave(attempt).giveUp();
  }

  /** The attempt has ended without an answer. True: another is under way, and it alone decides what becomes of the exchange. */
  lost(attempt: R): boolean {
    this.#leave(attempt);
    if (this.#running.length > 0) return true;
    clearTimeout(this.#timer);
    return false;
  }

  giveUp(): void {
    clearTimeout(this.#timer);
    for (const attempt of [...this.#running]) this.#leave(attempt).giveUp();
  }

  #leave(attempt: R): R {
    const place = this.#running.indexOf(attempt);
    if (place !== -1) this.#running.splice(place, 1);
    return attempt;
  }
}
