import type { UnderWay } from './lasting/under-way.js';

/** The time between two attempts: the next one is made when it is over. */
export class Pause implements UnderWay {
  readonly #timer: NodeJS.Timeout;

  constructor(milliseconds: number, exchange: { underWay: UnderWay | undefined }, delivery: { next(): void }) {
    this.#timer = setTimeout(() => {
      exchange.underWay = undefined;
      delivery.next();
    }, milliseconds);
  }

  giveUp(): void {
    clearTimeout(this.#timer);
  }
}
