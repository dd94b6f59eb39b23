import type { CircuitBreaker, Ticket } from './circuit-breaker.js';

/** The breaker of backends whose `circuitBreaker.enabled` is false: it admits every request and never opens, not even by hand. */
export class AlwaysClosed implements CircuitBreaker {
  readonly state = 'closed';
  readonly retryIn = 0;

  tryEnter(): Ticket {
    return 1;
  }

  begun(ticket: Ticket): Ticket {
    return ticket;
  }

  settle(): void {}

  open(): void {}

  close(): void {}

  reset(): void {}
}
