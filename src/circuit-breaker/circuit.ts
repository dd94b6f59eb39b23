import type { EventEmitter } from 'node:events';
import type { CircuitBreakerConfig } from '../config/file/circuit-breaker.config.js';
import { CircuitWindow, type WindowTotals } from '../platform/circuit-window.js';
import { GuardedOpossum } from '../platform/guarded-opossum.js';
import type { Outcome } from '../upstream/backend.js';
import type { LiveBackend } from '../upstream/live-backend.js';
import type { CircuitBreaker, CircuitState, FailureKind, Ticket } from './circuit-breaker.js';
import type { CircuitEvent } from './circuit-events.js';
import { OutlierWatch } from './outlier.js';
import type { OpenCircuits, Sibling } from './open-circuits.js';

/** A change of a circuit. */
export type CircuitChange = Omit<CircuitEvent, 'upstream' | 'backend'>;

/** What a circuit is made of, and the callbacks that it calls. */
interface CircuitParts {
  readonly backend: Pick<LiveBackend, 'veto' | 'lift' | 'isUsable' | 'returnsSlowly'>;
  readonly config: CircuitBreakerConfig;
  /** Emits `rotate` ten times for each length of the window. */
  readonly rotation: EventEmitter;
  /** The circuits of the same upstream. */
  readonly siblings: OpenCircuits;
  /** Called after the state has changed and the veto is set or lifted. */
  readonly changed: (change: CircuitChange) => void;
  /** Called when the circuit has refused an entry. */
  readonly rejected: () => void;
}

const byHand = 'by hand';
const trialSucceeded = 'the trial succeeded';
const trialAnswered = 'the trial was answered, and no other backend is left';
const trialBroke = 'the answer of the trial broke';

/**
 * The circuit of one backend, over opossum. It opens at a failure
 *
 * - when the window has at least `volumeThreshold` requests and at least the share `errorThreshold` of them failed. Unless the
 *   hard failures alone make up that share, at most `maxOpen` of the circuits of the upstream may open for this reason, and not
 *   the circuit of the last backend in use; a circuit that may not open stays closed and asks again at its next failure;
 * - or after `volumeThreshold` hard failures without a success between them, even when the window still holds many successes
 *   and however long the failures took: a backend that died must not be tried until the window has passed;
 * - or when it is an outlier (`outlier`): it fails many times as often as its peers. It then stays open longer each time, and
 *   its backend comes back with a small part of its weight at first.
 *
 * After `openFor` it is half-open: one request may enter, as a trial. A success closes the circuit and empties the window, so
 * that earlier failures cannot open it again; a failure opens it for another `openFor`; after an ignored trial the next request
 * is the trial. When the head of an answer has closed the circuit and the answer then breaks, the circuit opens again. After a
 * trial of `openFor` without a decision, such as a slow upload, another may enter, and the first of them that ends decides.
 *
 * While the circuit is open, or a trial keeps other requests out, its backend has the veto `circuit-open`. Every change happens
 * before the call that caused it returns.
 */
export class Circuit implements CircuitBreaker, Sibling {
  readonly #window: CircuitWindow;
  readonly #opossum: GuardedOpossum;
  readonly #outlier: OutlierWatch;
  /** The circuit opened last because its backend was an outlier. */
  #isOutlier = false;
  #state: CircuitState = 'closed';
  /** The ticket of requests that enter now. Each state and each trial has a new one. */
  #epoch: Ticket = 1;
  /** The trials under way in this state. */
  readonly #trials = new Set<Ticket>();
  /** Lets the next trial enter. Set while a trial keeps other requests out. */
  #nextTrial: NodeJS.Timeout | undefined;
  /** The ticket of a trial that has closed the circuit by the head of its answer and has not ended yet; 0 = none. */
  #answeredTrial: Ticket = 0;
  /** Another request has succeeded since that trial closed the circuit. */
  #hasSucceededSince = false;
  #isHeld = false;
  /** The circuit of another thread has opened it. */
  #isFollowing = false;
  #hardInARow = 0;
  #halfOpenAt = 0;
  /** The reason to give for the next change that opossum makes. */
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
    return this.parts.backend.isUsable;
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
    // Requests that enter from now on have another ticket.
    this.#answeredTrial = ++this.#epoch;
    this.#epoch++;
    this.#hasSucceededSince = false;
    return this.#answeredTrial;
  }

  settle(ticket: Ticket, outcome: Outcome, kind: FailureKind = 'hard'): void {
    if (this.#state === 'half-open') {
      if (this.#trials.delete(ticket)) this.#settleTrial(outcome, kind);
      return;
    }
    if (ticket === this.#answeredTrial && ticket !== 0) return this.#settleAnsweredTrial(outcome, kind);
    if (ticket !== this.#epoch) return;
    if (outcome === 'success' || kind === 'outlying') this.#settleSuccess(outcome);
    else if (outcome === 'failure') this.#settleFailure(kind);
  }

  /** `isFollowed`: it was done in another thread, which has counted it. */
  open(isFollowed = false): void {
    this.#isFollowing = isFollowed;
    this.#isHeld = true;
    this.#become('open', byHand);
    this.#isFollowing = false;
    // Its reason may be another one: it had opened by itself.
    this.parts.backend.veto('circuit-open', byHand);
  }

  close(isFollowed = false): void {
    this.#isFollowing = isFollowed;
    this.#isHeld = false;
    this.#reason = byHand;
    this.#opossum.close();
    // Needed when the circuit was opened by hand: opossum was closed then, and emits nothing.
    this.#become('closed', byHand);
    this.#isFollowing = false;
  }

  reset(isFollowed = false): void {
    this.#window.forget();
    this.#hardInARow = 0;
    this.#epoch++;
    this.close(isFollowed);
  }

  /** The circuit of the same backend in another thread has opened, or closed: this one does the same. */
  follow({ to, reason, openFor = this.parts.config.openFor }: CircuitChange): void {
    if (to === 'half-open' || to === this.#state) return;
    this.#isFollowing = true;
    this.#reason = reason;
    if (to === 'closed') {
      this.#isHeld = false;
      this.#opossum.close();
      this.#become('closed', reason);
    } else if (openFor === Infinity) {
      this.#isHeld = true;
      this.#become('open', reason);
    } else {
      this.#opossum.openFor = openFor;
      this.#opossum.forceOpen();
      this.#opossum.openFor = this.parts.config.openFor;
    }
    // Until it is half-open, and tries for itself.
    this.#isFollowing = to === 'open';
  }

  /** Ends its timer and takes it off the rotation and from among its siblings; its state and its veto stay. */
  end(): void {
    this.parts.siblings.remove(this);
    clearTimeout(this.#nextTrial);
    this.#opossum.shutdown();
  }

  #settleTrial(reported: Outcome, kind: FailureKind): void {
    const outcome = kind === 'outlying' && reported === 'failure' && !this.#isOutlier ? 'success' : reported;
    if (outcome === 'ignored') {
      if (this.#trials.size === 0) this.#allowTrial();
      return;
    }
    if (outcome === 'failure' && kind === 'hard') this.#window.countHardFailure();
    // The circuit of the last backend closes: its bad answer is better than our 503.
    if (outcome === 'failure' && kind !== 'hard' && this.parts.siblings.isLast(this)) {
      this.#reason = trialAnswered;
      return this.#opossum.close();
    }
    this.#reason = outcome === 'success' ? trialSucceeded : 'the trial failed';
    if (outcome === 'failure' && this.#isOutlier) this.#opossum.openFor = this.#outlier.next();
    this.#opossum.record(outcome === 'success');
  }

  /** Lets another trial enter, also while earlier ones are under way. */
  #allowTrial(): void {
    clearTimeout(this.#nextTrial);
    this.#nextTrial = undefined;
    this.parts.backend.lift('circuit-open');
  }

  #settleAnsweredTrial(outcome: Outcome, kind: FailureKind): void {
    this.#answeredTrial = 0;
    if (outcome !== 'failure' || kind === 'outlying') return;
    this.#settleFailure(kind);
    if (kind !== 'hard' || this.#hasSucceededSince || this.#state !== 'closed') return;
    this.#reason = trialBroke;
    this.#opossum.forceOpen();
  }

  #settleSuccess(outcome: Outcome): void {
    this.#hardInARow = 0;
    this.#hasSucceededSince = true;
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

  /** Opossum asks this when the error threshold is reached. */
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
    this.#answeredTrial = 0;
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
    changed({
      from,
      to,
      reason,
      ...(to === 'open' && { openFor: this.retryIn }),
      ...(this.#isFollowing && { isFollowed: true }),
    });
    this.#isFollowing = false;
  }
}
