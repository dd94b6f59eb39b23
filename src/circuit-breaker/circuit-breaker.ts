import type { Outcome } from '../upstream/backend.js';

/**
 * `hard`: no usable answer (connect-failure, reset, timeout). `soft`: an answer that counts as a failure (by its status, or
 * because it is slow). `outlying`: an answer that counts only in the comparison of a backend with its peers, and else is a
 * success.
 */
export type FailureKind = 'hard' | 'soft' | 'outlying';

/**
 * Proof of an entry, above 0; 0 = not admitted. It names the period of the circuit in which the entry was made, so
 * that what was begun before the circuit opened cannot decide about a later trial.
 */
export type Ticket = number;

/**
 * `closed`: every request may enter. `open`: none may. `half-open`: one request may enter as a trial, and another after each
 * `openFor` in which no trial has ended.
 */
export type CircuitState = 'closed' | 'open' | 'half-open';

/** Keeps requests away from one backend while it fails. It only decides: the caller sends the request and reports how it ended. */
export interface CircuitBreaker {
  readonly state: CircuitState;
  /** Milliseconds until an open circuit becomes half-open; 0 when it is not open, Infinity when it is held open by hand. */
  readonly retryIn: number;
  /** Asks for admission; 0 = refused, choose another backend now. Never waits. A caller that was admitted calls `settle` exactly once. */
  tryEnter(): Ticket;
  /**
   * Reports that an answer has begun, with the outcome that its head shows. The head decides a trial, so that a long answer
   * does not delay the decision; any other entry is decided by its end. Returns the ticket with which to settle the end.
   */
  begun(ticket: Ticket, outcome: Outcome, kind?: FailureKind): Ticket;
  /** Reports how an admitted request has ended. `kind`: of a failure, default `hard`. `ignored` never counts, and lets another trial enter. */
  settle(ticket: Ticket, outcome: Outcome, kind?: FailureKind): void;
  /** Opens it by hand: it stays open until `close` or `reset`. */
  open(): void;
  /** Closes it by hand. The window is kept: the circuit may open again at the next failure. */
  close(): void;
  /** Closes it by hand, empties the window and ignores the outcome of requests that are under way. */
  reset(): void;
}
