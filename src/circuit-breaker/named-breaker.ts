import type { Outcome } from '../upstream/backend.js';
import type { CircuitBreaker, CircuitState, FailureKind, Ticket } from './circuit-breaker.js';

/**
 * The breaker of a backend under its name, for code that has it by injection: that keeps it when another configuration gives the backend another
 * circuit. When the backend is removed, it stays with the circuit that it had last.
 */
export class NamedBreaker implements CircuitBreaker {
  constructor(public current: CircuitBreaker) {}

  get state(): CircuitState {
    return this.current.state;
  }

  get retryIn(): number {
    return this.current.retryIn;
  }

  tryEnter(): Ticket {
    return this.current.tryEnter();
  }

  begun(ticket: Ticket, outcome: Outcome, kind?: FailureKind): Ticket {
    return this.current.begun(ticket, outcome, kind);
  }

  settle(ticket: Ticket, outcome: Outcome, kind?: FailureKind): void {
    this.current.settle(ticket, outcome, kind);
  }

  open(): void {
    this.current.open();
  }

  close(): void {
    this.current.close();
  }

  reset(): void {
    this.current.reset();
  }
}
