import type { EventEmitter } from 'node:events';
import type { CircuitBreakerConfig } from '../config/file/circuit-breaker.config.js';
import { CircuitWindow, type WindowTotals } from '../platform/circuit-window.js';
import { GuardedOpossum } from '../platform/guarded-opossum.js';
import type { Outcome } from '../upstream/backend.js';
import type { LiveBackend } from '../upstream/live-backend.js';
import type { CircuitBreaker, CircuitState, FailureKind, Ticket } from './circuit-breaker.js';
import { OutlierWatch } from './outlier.js';
import type { OpenCircuits, Sibling } from './open-circuits.js';

/** What a circuit is made of and whom it tells. */
export interface CircuitParts {
  readonly backend: Pick<LiveBackend, 'veto' | 'lift' | 'vetoes' | 'returnsSlowly'>;
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
const trialAnswered = 'the trial was answered, and no other backend is left';
const trialBroke = 'the answer of the trial broke';

/**
 * The circuit of one backend, over opossum. It opens at a failure
 *
 * - when the window has at least `volumeThreshold` requests and from `errorThreshold` on of them failed. Unless the hard
 *   failures alone make up that share, at most `maxOpen` of the circuits of the upstream may open so, and not that of the last backend in
 *   use; a circuit that may not stays closed and asks again at its next failure;
 * - or after `volumeThreshold` hard failures without a success between them, however many successes the window still holds
 *   and however long it took: a backend that died must not be tried for the rest of the window;
 * - or when it is an outlier (`outlier`): it fails many times as often as its peers. Then it is out longer each time, and its backend comes
 *   back with little of its weight at first.
 *
 * After `openFor` it is half-open: one entry, on trial. A success closes it and forgets the window, so that failures from before cannot
 * open it again; a failure opens it for another `openFor`; an ignored trial leaves the place to the next. A trial that an answer has decided
 * at its head, and that breaks behind it, opens the circuit again. One that decides nothing for `openFor`, such as a slow upload, keeps
 * nobody out: another may enter then, and the first of them that ends decides.
 *
 * While it is open, or a trial keeps others out, its backend has the veto `circuit-open`. Every change happens before the call that caused it returns.
 */
export class Circuit implements CircuitBreaker, Sibling {
  readonly #window: CircuitWindow;
  readonly #opossum: GuardedOpossum;
  readonly #outlier: OutlierWatch;
  /** It was opened, last, because it is an outlier. */
  #isOutlier = false;
  #state: CircuitState = 'closed';
  /** The ticket of those who enter now. A new one with each state and each trial. */
  #epoch: Ticket = 1;
  /** The trials under way in this state. */
  readonly #trials = new Set<Ticket>();
  /** Set while a trial keeps others out. */
  #nextTrial: NodeJS.Timeout | undefined;
  /** The ticket of a trial that has closed the circuit by the head of its answer, whose end is still to come. */
  #rest: Ticket = 0;
  /** Another has succeeded since then. */
  #isProven = false;
  #isHeld = false;
  #hardInARow = 0;
  #halfOpenAt = 0;
  /** Why the next change of opossum's will have happened. */
  #reason = '';

  constructor(private readonly parts: CircuitParts) {
    const { config, rotation } = parts;
    parts.siblings.add(this);
    this.#window = new CircuitWindow(config.window, rotation);
    this.#opossum = new GuardedOpossum(config, this.#window, () => this.#mayOpen());
    this.#outlier = new OutlierWatch(config.outlier, config.openFor);
    this.#opossum.on('open', () => {
      this.#halfOpenAt = performance.now() + this.#opossum.openFor;
      this.#become('open', this.#reason);
    });
    this.#opossum.on('halfOpen', () => {
      if (!this.#isHeld) this.#become('half-open', 'openFor is over');
    });
    this.#opossum.on('close', () => {
      if (this.#reason !== byHand) this.#window.forget();
      this.#become('closed', this.#reason);
    });
  }

  get state(): CircuitState {
    return this.#state;
  }

  get isInUse(): boolean {
    return this.parts.backend.vetoes.size === 0;
  }

  get totals(): WindowTotals {
    return this.#window.totals;
  }

  get retryIn(): number {
    if (this.#state !== 'open') return 0;
    return this.#isHeld ? Infinity : Math.max(0, this.#halfOpenAt - performance.now());
  }

  tryEnter(): Ticket {
    if (this.#state === 'closed') return this.#epoch;
    if (this.#state === 'open' || this.#nextTrial !== undefined) {
      this.parts.rejected();
      return 0;
    }
    this.#trials.add(++this.#epoch);
    this.#nextTrial = setTimeout(() => this.#allowTrial(), this.parts.config.openFor).unref();
    this.parts.backend.veto('circuit-open', 'a trial is under way');
    return this.#epoch;
  }

  begun(ticket: Ticket, outcome: Outcome, kind: FailureKind = 'hard'): Ticket {
    if (this.#state !== 'half-open' || !this.#trials.has(ticket)) return ticket;
    this.settle(ticket, outcome, kind);
    if (this.state !== 'closed') return 0;
    // Those who enter from now on have another ticket.
    this.#rest = ++this.#epoch;
    this.#epoch++;
    this.#isProven = false;
    return this.#rest;
  }

  settle(ticket: Ticket, outcome: Outcome, kind: FailureKind = 'hard'): void {
    if (this.#state === 'half-open') {
      if (this.#trials.delete(ticket)) this.#settleTrial(outcome, kind);
      return;
    }
    if (ticket === this.#rest && ticket !== 0) return this.#settleRest(outcome, kind);
    if (ticket !== this.#epoch) return;
    if (outcome === 'success' || kind === 'outlying') this.#settleSuccess(outcome);
    else if (outcome === 'failure') this.#settleFailure(kind);
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
    clearTimeout(this.#nextTrial);
    this.#opossum.shutdown();
  }

  #settleTrial(told: Outcome, kind: FailureKind): void {
    const outcome = kind === 'outlying' && told === 'failure' && !this.#isOutlier ? 'success' : told;
    if (outcome === 'ignored') {
      if (this.#trials.size === 0) this.#allowTrial();
      return;
    }
    if (outcome === 'failure' && kind === 'hard') this.#window.countHardFailure();
    // Its bad answer is better than ours.
    if (outcome === 'failure' && kind !== 'hard' && this.parts.siblings.isLast(this)) {
      this.#reason = trialAnswered;
      return this.#opossum.close();
    }
    this.#reason = outcome === 'success' ? trialSucceeded : 'the trial failed';
    if (outcome === 'failure' && this.#isOutlier) this.#opossum.openFor = this.#outlier.next();
    this.#opossum.record(outcome === 'success');
  }

  /** Another trial may enter, whatever became of those before. */
  #allowTrial(): void {
    clearTimeout(this.#nextTrial);
    this.#nextTrial = undefined;
    this.parts.backend.lift('circuit-open');
  }

  #settleRest(outcome: Outcome, kind: FailureKind): void {
    this.#rest = 0;
    if (outcome !== 'failure' || kind === 'outlying') return;
    this.#settleFailure(kind);
    if (kind !== 'hard' || this.#isProven || this.#state !== 'closed') return;
    this.#reason = trialBroke;
    this.#opossum.forceOpen();
  }

  #settleSuccess(outcome: Outcome): void {
    this.#hardInARow = 0;
    this.#isProven = true;
    this.#opossum.record(true);
    if (outcome === 'success') return;
    this.#window.countOutlying();
    this.#compare();
  }

  /** Opens the circuit if it is an outlier. */
  #compare(): void {
    const { siblings } = this.parts;
    const { totals } = this.#window;
    if (!this.#outlier.isOutlier(totals, () => siblings.peersOf(this)) || !siblings.mayOpen(this)) return;
    this.#reason = `an outlier: ${totals.failures + totals.outlying} of ${totals.requests} requests failed`;
    this.#opossum.openFor = this.#outlier.next();
    this.parts.backend.returnsSlowly = this.#isOutlier = true;
    this.#opossum.forceOpen();
  }

  #settleFailure(kind: FailureKind): void {
    if (kind === 'hard') {
      this.#hardInARow++;
      this.#window.countHardFailure();
    }
    this.#opossum.record(false);
    if (this.#state === 'closed') this.#compare();
    if (this.#hardInARow < this.parts.config.volumeThreshold) return;
    this.#reason = `${this.#hardInARow} hard failures in a row`;
    this.#opossum.forceOpen();
  }

  /** Asked by opossum when the error threshold is reached. */
  #mayOpen(): boolean {
    const { requests, failures, hardFailures } = this.#window.totals;
    const isHard = hardFailures > 0 && hardFailures / requests >= this.parts.config.errorThreshold;
    if (!isHard && !this.parts.siblings.mayOpen(this)) return false;
    this.#reason = `${failures} of ${requests} requests failed`;
    return true;
  }

  #become(to: CircuitState, reason: string): void {
    const from = this.#state;
    if (from === to) return;
    const { backend, siblings, changed } = this.parts;
    this.#state = to;
    this.#epoch++;
    this.#trials.clear();
    clearTimeout(this.#nextTrial);
    this.#nextTrial = undefined;
    this.#rest = 0;
    this.#hardInARow = 0;
    if (from === 'closed') siblings.count++;
    if (to === 'closed') siblings.count--;
    if (to === 'open') backend.veto('circuit-open', reason);
    else backend.lift('circuit-open');
    if (to === 'closed' && this.#isOutlier) {
      this.#outlier.isBack();
      this.#opossum.openFor = this.parts.config.openFor;
      backend.returnsSlowly = this.#isOutlier = false;
    }
    changed(from, to, reason);
  }
}
