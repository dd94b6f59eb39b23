import type { Logger } from 'pino';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { RedisStoreObserver } from './redis-limit-store.js';

/** Log lines and metrics of a shared rate-limit store: a line for each change of state, and none for requests. */
export class StoreObserver implements RedisStoreObserver {
  readonly #up: Gauge;
  readonly #failures: Counter;
  readonly #fallbacks: Counter;

  constructor(
    private readonly pino: Logger,
    registry: Registry,
  ) {
    const registers = [registry];
    this.#up = new Gauge({
      name: 'gatehouse_rate_limit_store_up',
      help: '1 while the shared store of rate limits can be used, else 0.',
      aggregator: 'min',
      registers,
    });
    this.#failures = new Counter({
      name: 'gatehouse_rate_limit_store_failures_total',
      help: 'Commands to the shared store of rate limits that failed or took too long.',
      registers,
    });
    this.#fallbacks = new Counter({
      name: 'gatehouse_rate_limit_store_fallbacks_total',
      help: 'Requests whose limits were decided without the shared store, as onStoreFailure says.',
      registers,
    });
  }

  changed(up: boolean, reason: string): void {
    this.#up.set(up ? 1 : 0);
    if (up) this.pino.info('the rate-limit store can be used');
    else this.pino.warn({ reason }, 'the rate-limit store is out of reach');
  }

  failed(): void {
    this.#failures.inc();
  }

  fellBack(): void {
    this.#fallbacks.inc();
  }
}

/** Shows how many clients have lost their count in memory. `evictions`: read at each scrape. */
export function showEvictions(registry: Registry, evictions: () => number): void {
  let seen = 0;
  new Counter({
    name: 'gatehouse_rate_limit_evictions_total',
    help: 'Clients whose count in memory was given up for another, because it was full.',
    // Threads share the memory, so each thread sees the total.
    aggregator: 'max',
    registers: [registry],
    collect() {
      const now = evictions();
      this.inc(Math.max(0, now - seen));
      seen = now;
    },
  });
}
