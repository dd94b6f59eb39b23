import { firstVerdict, type Verdict } from '../security/policy.js';
import type { Dispatcher } from './dispatcher.js';
import type { Exchange } from './exchange.js';
import { thrownError } from './thrown-error.js';

/**
 * The way of an exchange that comes by no Nest controller: asks its policies as the guard would, then hands it to the
 * dispatcher. Whatever is thrown on the way ends the exchange as it would there.
 */
export class Admission {
  constructor(private readonly dispatcher: Pick<Dispatcher, 'dispatch'>) {}

  admit(exchange: Exchange): void {
    const { policies } = exchange;
    try {
      const verdict = policies.length === 0 ? undefined : firstVerdict(exchange, policies);
      if (verdict instanceof Promise) this.#wait(exchange, verdict);
      else this.#enter(exchange, verdict);
    } catch (thrown) {
      exchange.fail(thrownError(thrown));
    }
  }

  #wait(exchange: Exchange, verdict: Promise<Verdict>): void {
    verdict.then(first => this.#enter(exchange, first)).catch((thrown: unknown) => exchange.fail(thrownError(thrown)));
  }

  #enter(exchange: Exchange, verdict: Verdict): void {
    if (verdict === undefined) this.dispatcher.dispatch(exchange);
    else exchange.settle(verdict);
  }
}
