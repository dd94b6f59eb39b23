import type { Outcome } from '../upstream/backend.js';

/**
 * `hard`: no usable answer (connect-failure, reset, timeout). `soft`: an answer that counts as a failure (a status, slow). `outlying`: an
 * answer that counts only in the comparison of a backend with its peers, and else is a success.
 */
export type FailureKind = 'hard' | 'soft' | 'outlying';

/**
 * Proof of an entry, above 0; 0 = not admitted. It names the period of the circuit in which the entry was made, so
 * that what was begun before the circuit opened cannot decide about a later trial.
 */
export type Ticket = number;

/** `closed`: all may enter. `open`: nobody. `half-open`: one on trial, and one more after each `openFor` in which none has decided. */
export type CircuitState = 'closed' | 'open' | 'half-open';

/** Keeps requests away from one backend while it fails. It only decides: what is sent, and when it ended, is the caller's. */
export interface CircuitBreaker {
  readonly state: CircuitState;
  /** Milliseconds until an open circuit becomes half-open; 0 when it is not open, Infinity when it is held open by hand. */
  readonly retryIn: number;
  /** Asks for admission; 0: choose another backend now. Never waits. Whoever is admitted calls `settle` exactly once. */
  tryEnter(): Ticket;
  /**
   * Tells, when an answer begins, how it looks: a trial is decided by that, however long the answer takes; what is no trial is decided by
   * its end. Gives the ticket to settle the end with.
   */
  begun(ticket: Ticket, outcome: Outcome, kind?: FailureKind): Ticket;
  /** Tells how what was admitted has ended. `kind` is that of a failure, default `hard`. `ignored` never counts; it frees the trial. */
  settle(ticket: Ticket, outcome: Outcome, kind?: FailureKind): void;
  /** Opens it by hand: it stays open until `close` or `reset`. */
  open(): void;
  /** Closes it by hand. What is in the window still counts: with the next failure it may open again. */
  close(): void;
  /** Closes it by hand and forgets the window, and what is under way. */
  reset(): void;
}
