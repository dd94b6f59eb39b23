import type { EventEmitter } from 'node:events';
import type { CircuitBreakerConfig } from '../config/circuit-breaker.config.js';
import type { Outcome } from '../upstream/backend.js';
import type { LiveBackend } from '../upstream/live-backend.js';
import type { CircuitBreaker, CircuitState, FailureKind, Ticket } from './circuit-breaker.js';
import { CircuitWindow } from './circuit-window.js';
import { GuardedOpossum } from './guarded-opossum.js';
import type { OpenCircuits } from './open-circuits.js';

/** What a circuit is made of and whom it tells. */
export interface CircuitParts {
  readonly backend: Pick<LiveBackend, 'veto' | 'lift'>;
  readonly config: CircuitBreakerConfig;
  /** Emits `rotate` ten times for each length of the window. */
  readonly rotation: EventEmitter;
  /** Those of the same upstream. */
  readonly siblings: OpenCircuits;
  /** The state has changed; everything is done. */
  readonly changed: (from: CircuitState, to: CircuitState, reason: string) => void;
  /** An entry was refused. */
  readonly rejected: () => void;
}

const byHand = 'by hand';
const trialSucceeded = 'the trial succeeded';

/**
 * The circuit of one backend, over opossum. It opens at a failure
 *
 * - when the window has at least `volumeThreshold` requests and from `errorThreshold` on of them failed. Unless the hard
 *   failures alone make up that share, at most `maxOpen` of the circuits of the upstream may open so; a circuit that may not stays
 *   closed and asks again at its next failure;
 * - or after `volumeThreshold` hard failures without a success between them, however many successes the window still holds
 *   and however long it took: a backend that died must not be tried for the rest of the window.
 *
 * After `openFor` it is half-open: one entry at a time, on trial. A success closes it and forgets the window, so that
 * failures from before cannot open it again; a failure opens it for another `openFor`; an ignored trial leaves the place to the next.
 *
 * While it is open or a trial is under way, its backend has the veto `circuit-open`. Every change happens before the call that caused it returns.
 */
export class Circuit implements CircuitBreaker {
  readonly #window: CircuitWindow;
  readonly #opossum: GuardedOpossum;
  #state: CircuitState = 'closed';
  /** The ticket of those who enter now. A new one with each state and each trial. */
  #epoch: Ticket = 1;
  #isTrialUnderWay = false;
  #isHeld = false;
  #hardInARow = 0;
  #halfOpenAt = 0;
  /** Why the next change of opossum's will have happened. */
  #reason = '';

  constructor(private readonly parts: CircuitParts) {
    const { config, rotation } = parts;
    this.#window = new CircuitWindow(config.window, rotation);
    this.#opossum = new GuardedOpossum(config, this.#window, () => this.#mayOpen());
    this.#opossum.on('open', () => {
      this.#halfOpenAt = performance.now() + config.openFor;
      this.#become('open', this.#reason);
    });
    this.#opossum.on('halfOpen', () => {
      if (!this.#isHeld) this.#become('half-open', 'openFor is over');
    });
    this.#opossum.on('close', () => {
      if (this.#reason === trialSucceeded) this.#window.forget();
      this.#become('closed', this.#reason);
    });
  }

  get state(): CircuitState {
    return this.#state;
  }

  get retryIn(): number {
    if (this.#state !== 'open') return 0;
    return this.#isHeld ? Infinity : Math.max(0, this.#halfOpenAt - performance.now());
  }

  tryEnter(): Ticket {
    if (this.#state === 'closed') return this.#epoch;
    if (this.#state === 'open' || this.#isTrialUnderWay) {
      this.parts.rejected();
      return 0;
    }
    this.#isTrialUnderWay = true;
    this.parts.backend.veto('circuit-open', 'a trial is under way');
    return this.#epoch;
  }

  settle(ticket: Ticket, outcome: Outcome, kind: FailureKind = 'hard'): void {
    if (ticket !== this.#epoch) return;
    if (this.#state === 'half-open') this.#settleTrial(outcome, kind);
    else if (outcome === 'success') {
      this.#hardInARow = 0;
      this.#opossum.record(true);
    } else if (outcome === 'failure') this.#settleFailure(kind);
  }

  open(): void {
    this.#isHeld = true;
    this.#become('open', byHand);
  }

  close(): void {
    this.#isHeld = false;
    this.#reason = byHand;
    this.#opossum.close();
    // opossum itself was closed if it was not it that opened the circuit.
    this.#become('closed', byHand);
  }

  reset(): void {
    this.#window.forget();
    this.#hardInARow = 0;
    this.#epoch++;
    this.close();
  }

  /** Ends its timer and takes it off the rotation; it stays in the state in which it is. */
  end(): void {
    this.#opossum.shutdown();
  }

  #settleTrial(outcome: Outcome, kind: FailureKind): void {
    if (outcome === 'ignored') {
      this.#isTrialUnderWay = false;
      this.#epoch++;
      this.parts.backend.lift('circuit-open');
      return;
    }
    if (outcome === 'failure' && kind === 'hard') this.#window.countHardFailure();
    this.#reason = outcome === 'success' ? trialSucceeded : 'the trial failed';
    this.#opossum.record(outcome === 'success');
  }

  #settleFailure(kind: FailureKind): void {
    if (kind === 'hard') {
      this.#hardInARow++;
      this.#window.countHardFailure();
    }
    this.#opossum.record(false);
    if (this.#hardInARow < this.parts.config.volumeThreshold) return;
    this.#reason = `${this.#hardInARow} hard failures in a row`;
    this.#opossum.forceOpen();
  }

  /** Asked by opossum when the error threshold is reached. */
  #mayOpen(): boolean {
    const { requests, failures, hardFailures } = this.#window.totals;
    const isHard = hardFailures > 0 && hardFailures / requests >= this.parts.config.errorThreshold;
    if (!isHard && this.parts.siblings.isFull) return false;
    this.#reason = `${failures} of ${requests} requests failed`;
    return true;
  }

  #become(to: CircuitState, reason: string): void {
    const from = this.#state;
    if (from === to) return;
    const { backend, siblings, changed } = this.parts;
    this.#state = to;
    this.#epoch++;
    this.#isTrialUnderWay = false;
    this.#hardInARow = 0;
    if (from === 'closed') siblings.count++;
    if (to === 'closed') siblings.count--;
    if (to === 'open') backend.veto('circuit-open', reason);
    else backend.lift('circuit-open');
    changed(from, to, reason);
  }
}
