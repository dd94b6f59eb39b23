import type { Exchange } from './exchange.js';

/**
 * The exchanges that are open on a connection of HTTP/2. An array with places that are handed on: a `Set` with such traffic leaves its old hash tables
 * behind, each pointing to the next, and V8's scavenger then keeps all that ever stood in them until the next full collection.
 */
export class OpenExchanges {
  readonly all: Exchange[] = [];

  add(exchange: Exchange): void {
    exchange.slot = this.all.push(exchange) - 1;
  }

  /** Does nothing for one that is not in it. */
  remove(exchange: Exchange): void {
    const { slot } = exchange;
    if (this.all[slot] !== exchange) return;
    const last = this.all.pop()!;
    if (last === exchange) return;
    this.all[slot] = last;
    last.slot = slot;
  }
}
