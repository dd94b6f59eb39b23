import { ExchangeTrail } from '../http/exchange-trail.js';
import { GatewayError } from '../http/gateway-error.js';
import type { RetryMetrics } from '../metrics/retry-metrics.js';
import type { LiveBackend } from '../upstream/live-backend.js';
import type { Upstream } from '../upstream/upstream.js';
import { Attempt } from './attempt.js';
import type { AttemptOwner } from './attempt-owner.js';
import type { ClientMemory } from './client/memory-share.js';
import { overtime } from './client/overtime.js';
import type { Exchange } from './exchange.js';
import type { EventStreams, StreamSupply } from './lasting/event-streams.js';
import { patience } from './patience.js';
import { Pause } from './pause.js';
import { isOutage } from './plan/fallback.js';
import type { ForwardPlan } from './plan/forward-plan.js';
import type { ForwardRoute } from './plan/forward-route.js';
import type { RetryReason, TriedRequest } from './plan/retry-policy.js';
import { QueuedAttempt } from './queued-attempt.js';
import { Race, type Starter } from './race.js';

const bodyGone = new GatewayError('INTERNAL', 'The request body cannot be sent again.');
const noBackends: readonly LiveBackend[] = [];

/** What all deliveries have in common. */
export interface DeliveryServices {
  readonly metrics: RetryMetrics;
  /** Takes over the responses that are event streams. */
  readonly streams: EventStreams;
  /** Where bodies and answers may wait. */
  readonly memory: ClientMemory;
}

/**
 * The delivery of one exchange to one upstream: attempts on its backends until one of them is the answer, or there is to be none.
 *
 * ```
 * 6 pick a backend among the available ones, if possible one on which this delivery has not failed yet, be it a backup
 * 7 enter the backend's gate, or wait before it; then ask its breaker; if that refuses, leave the gate and pick another backend
 * 8 make the attempt and forward the request; the attempt carries the response over and settles
 * 9 the attempt is no answer for the client: try again, if the retry policy, the retry budget and `timeouts.response` allow it
 * 10 the upstream has no answer: its fallback, or an error
 * ```
 */
export class Delivery implements AttemptOwner, StreamSupply, Starter<Attempt>, TriedRequest {
  /** Attempts that were made because one before had failed; those on a stale connection count apart. */
  retries = 0;
  staleAttempts = 0;
  /** Backends on which an attempt has failed: others come first. */
  #failedOn: readonly LiveBackend[] = noBackends;

  constructor(
    private readonly services: DeliveryServices,
    readonly exchange: Exchange,
    /** How its route makes requests for backends. */
    readonly action: ForwardPlan,
    readonly route: ForwardRoute,
    /** When the upstream was given the exchange, on the clock of `performance.now()`: its `timeouts.response` begins then. */
    private readonly givenAt: number,
  ) {
    exchange.upstreamName = route.target.upstream.name;
  }

  get body(): Exchange['body'] {
    return this.exchange.body;
  }

  get method(): string {
    return this.exchange.method;
  }

  get upstream(): Upstream {
    return this.route.target.upstream;
  }

  get streams(): EventStreams {
    return this.services.streams;
  }

  get memory(): ClientMemory {
    return this.services.memory;
  }

  get exhausted(): boolean {
    return !this.route.target.hasUntried(this.#failedOn);
  }

  avoid(backend: LiveBackend): void {
    this.#failedOn = [...this.#failedOn, backend];
  }

  avoidOnlyLast(): void {
    this.#failedOn = this.#failedOn.slice(-1);
  }

  /** Tries a backend, the first or another. */
  next(): void {
    this.#tryEach(this.route.target.candidates(this.#failedOn));
  }

  /** Goes on when it has waited for its place before a backend. If the circuit of that backend refuses it, it does not wait there again. */
  nextOn(backend: LiveBackend, isSending: boolean): void {
    if (this.#enter(backend, isSending)) return;
    this.#tryEach(this.route.target.candidates(this.#failedOn).filter(each => each !== backend));
  }

  #tryEach(all: readonly LiveBackend[]): void {
    const { exchange } = this;
    if (exchange.isDecided) return;
    if (exchange.body?.isGone === true) return exchange.fail(bodyGone);
    const { target } = this.route;
    let candidates = all;
    while (candidates.length > 0) {
      // 6
      const isSending = exchange.body !== undefined && exchange.body.isComing;
      const backend = target.pick(candidates, exchange, isSending);
      exchange.backend = backend;
      // 7
      const gate = target.gate(backend);
      if (!gate.tryEnter(isSending)) {
        const queued = new QueuedAttempt(this, backend, isSending);
        exchange.underWay = queued;
        return gate.wait(queued);
      }
      if (this.#enter(backend, isSending)) return;
      candidates = candidates.filter(each => each !== backend);
    }
    this.#fallBack(undefined);
  }

  /** It has found no place before a backend. */
  turnedAway(at: LiveBackend, error: GatewayError): void {
    if (this.exchange.stream !== undefined) this.#giveUp(error, at);
    else this.#fallBack(error);
  }

  lost(backend: LiveBackend, { code }: GatewayError, stale: boolean): void {
    this.#tried(backend, { error: code, isStale: stale });
    if (!stale) this.avoid(backend);
  }

  failed(backend: LiveBackend, failure: GatewayError, stale: boolean): void {
    const { exchange, route } = this;
    if (exchange.isDecided) return;
    const error = this.#withLimit(failure);
    this.#tried(backend, { error: error.code, isStale: stale });
    if (exchange.stream !== undefined) return this.#giveUp(error, backend);
    if (exchange.responder.headSent) return exchange.fail(error);
    // 9
    const reason = route.retries.afterError(this, error, stale);
    if (reason !== undefined && reason !== 'stale') this.avoid(backend);
    const isOver = reason === undefined || route.target.upstream.available.length === 0;
    const wait = isOver ? undefined : this.#waitBefore(reason);
    if (reason === undefined || wait === undefined) return this.#fallBack(error);
    this.#again(reason, wait);
  }

  triesElsewhere(backend: LiveBackend, error: GatewayError): boolean {
    const { exchange, route } = this;
    if (exchange.responder.headSent || route.retries.afterError(this, error, false) === undefined) return false;
    return route.target.hasUntried([...this.#failedOn, backend]);
  }

  declines(attempt: Attempt, status: number): boolean {
    const { route } = this;
    const { backend, race } = attempt;
    // The other attempt of the race is there already: whether another may follow does not matter.
    if (race !== undefined && race.running.length > 1 && route.retries.isFailure(status)) {
      this.avoid(backend);
      this.#tried(backend, { status });
      race.lost(attempt);
      attempt.drop();
      return true;
    }
    // 9
    const reason = route.retries.afterStatus(this, status);
    if (reason === undefined) return false;
    const tried = [...this.#failedOn, backend];
    // If this failure opens the last circuit, it is the best answer that there is.
    attempt.judge();
    // A backend that has been tried would be asked for what is here already; one that is busy would have the client wait for it.
    if (!route.target.hasUntried(tried)) return false;
    const wait = this.#waitBefore(reason);
    if (wait === undefined) return false;
    this.#failedOn = tried;
    this.#tried(backend, { status });
    race?.lost(attempt);
    attempt.drop();
    this.#again(reason, wait);
    return true;
  }

  /** Starts the second attempt of a race, if another backend has room for it and the budget allows it. */
  hedge(race: Race<Attempt>): void {
    const { exchange } = this;
    const { target } = this.route;
    const [first] = race.running;
    if (first === undefined || exchange.isDecided || exchange.responder.headSent) return;
    // Being slow is no failure yet: backups stay out of it while there are primaries.
    const candidates = target.upstream.available.filter(each => each !== first.backend && target.gate(each).hasRoom);
    if (candidates.length === 0) return;
    if (!this.mayRetry()) return;
    const backend = target.pick(candidates, exchange);
    const gate = target.gate(backend);
    if (!gate.tryEnter()) return;
    this.services.metrics.hedged(target.upstream.name);
    this.#enter(backend, false, race);
  }

  mayRetry(): boolean {
    const { target } = this.route;
    const may = target.budget.take(performance.now());
    if (!may) {
      this.services.metrics.withheld(target.upstream.name);
      this.exchange.trace?.note('retry_withheld', { reason: 'budget' });
    }
    return may;
  }

  /** False: its breaker does not let it in; it has left the gate then. */
  #enter(backend: LiveBackend, isSending: boolean, inRace?: Race<Attempt>): boolean {
    const { action, exchange, route } = this;
    const { target, retries, timeouts } = route;
    const breaker = target.breaker(backend);
    const ticket = breaker.tryEnter();
    if (ticket === 0 && !target.upstream.panicking) {
      exchange.trace?.note('circuit_refused', { backend: backend.id, circuit: breaker.state });
      target.gate(backend).leave(isSending);
      return false;
    }
    // 8
    let race = inRace;
    const after = exchange.attempts === 0 ? retries.hedgeAfter(exchange, target) : undefined;
    if (after !== undefined) race = new Race(after, this);
    // One that goes on with an event stream has all the time of a first one; so has each, where timeouts are tried again.
    const isFirst = exchange.attempts === 0 || exchange.stream !== undefined || retries.renewsPatience;
    const left = isFirst ? timeouts.response : Math.max(1, patience(exchange.body, this.givenAt, timeouts.response));
    if (exchange.attempts > 0) this.#retraces(backend, inRace !== undefined);
    const trace = exchange.trace?.attempt(backend, exchange.attempts, inRace !== undefined);
    exchange.attempts++;
    const attempt = new Attempt(this, backend, breaker, ticket, race, trace);
    race?.enter(attempt);
    if (isSending) attempt.beginSending();
    const limits = {
      connect: isFirst ? timeouts.connect : Math.min(timeouts.connect || target.connectTimeout, left),
      response: retries.limit(left),
      idle: timeouts.idle,
    };
    const request = action.request(exchange, target, backend, exchange.body?.open(), limits, trace);
    const sent = exchange.plan?.transforms?.request(exchange, request) ?? request;
    if (sent instanceof GatewayError) attempt.fail(sent);
    else attempt.drive(target.forwarder.forward(sent, backend, attempt));
    return true;
  }

  /** Another attempt begins, for the log: `isSecond`: beside one that is under way. */
  #retraces({ id }: LiveBackend, isSecond: boolean): void {
    const { exchange } = this;
    const now = performance.now();
    const trail = (exchange.trail ??= new ExchangeTrail());
    if (trail.tries.length === 0 && exchange.backend !== undefined) trail.began(exchange.backend.id, this.#firstAt);
    trail.began(id, now);
    if (isSecond || exchange.stream !== undefined) return;
    trail.retriedAt = now;
    exchange.times.sentAt = 0;
  }

  /** An attempt is no answer for the client, for the log. */
  #tried({ id }: LiveBackend, how: Parameters<ExchangeTrail['ended']>[3]): void {
    (this.exchange.trail ??= new ExchangeTrail()).ended(id, performance.now(), this.#firstAt, how);
  }

  /** About when the first attempt began. */
  get #firstAt(): number {
    return this.givenAt + (this.exchange.trail?.queued ?? 0);
  }

  /** An error by a time limit, with the limit that it was: attempts behind the first have what is left of `timeouts.response`. */
  #withLimit(error: GatewayError): GatewayError {
    if (error.origin.timeout === undefined || error.code === 'BODY_BROKEN') return error;
    const { retries, timeouts } = this.route;
    const isSpent = timeouts.response > 0 && patience(this.exchange.body, this.givenAt, timeouts.response) <= 0;
    if (isSpent) return overtime(error, 'timeouts.response', timeouts.response);
    return retries.tryTimeout > 0 && error.code === 'HEAD_TIMEOUT'
      ? overtime(error, 'retries.tryTimeout', retries.tryTimeout)
      : error;
  }

  /** Fails the exchange, unless it is an event stream that goes on by itself. */
  #giveUp(error: GatewayError, backend: LiveBackend | undefined): void {
    if (backend !== undefined) this.avoid(backend);
    if (this.exchange.stream?.failed(error) !== true) this.exchange.fail(error);
  }

  /** Milliseconds until the next attempt may begin; undefined: there may be none. */
  #waitBefore(reason: RetryReason): number | undefined {
    if (reason === 'stale') return 0;
    const { retries, target, timeouts } = this.route;
    const wait = retries.backoff(this);
    const left = patience(this.exchange.body, this.givenAt, timeouts.response);
    if (!retries.renewsPatience && wait >= left) return undefined;
    // No backend has had the request yet: it adds nothing.
    if (reason === 'connect-failure' && target.hasUntried(this.#failedOn)) return wait;
    return this.mayRetry() ? wait : undefined;
  }

  #again(reason: RetryReason, wait: number): void {
    if (reason === 'stale') this.staleAttempts++;
    else this.retries++;
    this.services.metrics.retried(this.upstream.name, reason);
    this.exchange.trace?.note('retry', { reason, wait_ms: wait });
    if (wait === 0) this.next();
    else this.exchange.underWay = new Pause(wait, this.exchange, this);
  }

  /** `cause`: what the last attempt ended with, when there was one. */
  #fallBack(cause: GatewayError | undefined): void {
    // 10
    const { action, exchange, route, services } = this;
    const { fallback, target } = route;
    const error = cause ?? target.unavailable();
    if (cause === undefined) {
      services.metrics.refused(target.upstream);
      exchange.trace?.note('no_backend', { upstream: target.upstream.name, reason: error.cause ?? '' });
    }
    if (exchange.stream !== undefined) return this.#giveUp(error, undefined);
    if (fallback === undefined || !isOutage(error)) return exchange.fail(error);
    if (fallback.kind === 'upstream' && !route.retries.mayMove(exchange, error)) return exchange.fail(error);
    services.metrics.fellBack(target.upstream.name);
    exchange.trace?.note('fallback', { upstream: target.upstream.name, reason: error.code });
    (exchange.trail ??= new ExchangeTrail()).fellBack = true;
    if (fallback.kind === 'response') {
      return exchange.fail(error, fallback.respond(exchange.id, error, exchange.plan?.responseRules));
    }
    exchange.trail.isQueued = false;
    // The other upstream has all the time and tries of a first one.
    exchange.doubts?.blame();
    new Delivery(services, exchange, action, fallback.route, performance.now()).next();
  }
}
