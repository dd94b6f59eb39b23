import type { AttemptOwner } from './attempt-owner.js';
import type { Exchange } from './exchange.js';
import type { UnderWay } from './lasting/under-way.js';
import type { ForwardPlan, ForwardRoute } from './plan/route-plan.js';

/** An exchange between two attempts: it has its next one when the wait is over. */
export class Pause implements UnderWay {
  readonly #timer: NodeJS.Timeout;

  constructor(milliseconds: number, owner: AttemptOwner, exchange: Exchange, plan: ForwardPlan, route: ForwardRoute) {
    this.#timer = setTimeout(() => {
      exchange.underWay = undefined;
      owner.attempt(exchange, plan, route);
    }, milliseconds);
  }

  giveUp(): void {
    clearTimeout(this.#timer);
  }
}
