import { Injectable } from '@nestjs/common';
import { GatewayError } from '../http/gateway-error.js';
import { RetryMetrics } from '../metrics/retry-metrics.js';
import type { LiveBackend } from '../upstream/live-backend.js';
import { Attempt } from './attempt.js';
import type { AttemptOwner } from './attempt-owner.js';
import type { GateWaiter } from './target/connection-gate.js';
import { EventStreams } from './lasting/event-streams.js';
import type { Exchange } from './exchange.js';
import type { UnderWay } from './lasting/under-way.js';
import { isOutage } from './plan/fallback.js';
import { finalRecipient } from './plan/final-recipient.js';
import { ClientMemory } from './client/memory-share.js';
import { patience } from './patience.js';
import { Pause } from './pause.js';
import { queueFull } from './plan/refusals.js';
import { Race, type Starter } from './race.js';
import type { RetryReason } from './plan/retry-policy.js';
import { startWithBody } from './start-with-body.js';
import type { ForwardPlan, ForwardRoute } from './plan/route-plan.js';

const noRoute = new GatewayError('NO_ROUTE', 'No route matches the request.');
const bodyGone = new GatewayError('INTERNAL', 'The request body cannot be sent again.');

/** Methods whose requests have no body, as a rule (RFC 9110 §9.3). */
const bodiless: ReadonlySet<string> = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE']);

/**
 * Carries an exchange to a backend.
 *
 * ```
 * 1 answer here, when the route is a redirect or a fixed response, or the request may go no further
 * 2 choose the upstream (the route's, or one of its split)
 * 3 pick a backend among the available, one that has not failed before if possible, were it a backup
 * 4 enter its gate, or wait before it
 * 5 enter its breaker, or pick another
 * 6 forward; the attempt carries the response over and settles
 * 7 an attempt that is no answer for the client: again, within the budget and the client's patience
 * 8 when the upstream has no answer: its fallback, or an error
 * ```
 */
@Injectable()
export class Dispatcher implements AttemptOwner {
  constructor(
    private readonly metrics: RetryMetrics,
    readonly streams: EventStreams,
    readonly memory: ClientMemory,
  ) {}

  dispatch(exchange: Exchange): void {
    // While it waited for the guards, one of them may have answered it, or the client may have gone or broken its body.
    if (exchange.error !== undefined || exchange.status !== 0) return;
    exchange.dispatchedAt = exchange.givenAt = performance.now();
    const { plan, match } = exchange;
    if (plan === undefined || match === undefined) return exchange.fail(noRoute);
    // 1
    const { action } = plan;
    const final = finalRecipient(exchange);
    if (final !== undefined) return exchange.respond(final);
    if (action.kind === 'local') return exchange.respond(action.respond(exchange));
    // 2
    const route = action.next(match);
    exchange.upstreamName = route.target.upstream.name;
    exchange.openBody(plan.maxBody, route.retries.hold);
    route.target.budget.deposit(route.retries.share, exchange.dispatchedAt);
    if (exchange.mayHaveNoBody) return this.#afterFirstByte(exchange, action, route);
    this.#carry(exchange, action, route);
  }

  /** A request on HTTP/2 whose head was not its end, and which may have no body all the same. */
  #afterFirstByte(exchange: Exchange, action: ForwardPlan, route: ForwardRoute): void {
    let waits = true;
    const goOn = (): void => {
      if (!waits) return;
      waits = false;
      if (exchange.error !== undefined) return;
      if (exchange.body!.isEmpty) exchange.dropBody();
      this.#carry(exchange, action, route);
    };
    exchange.body!.whenShown(goOn);
    // An end that belongs to the head comes with it. Where a body is to be expected, what is first said may be the backend's part.
    if (!bodiless.has(exchange.method)) setImmediate(goOn);
  }

  #carry(exchange: Exchange, action: ForwardPlan, route: ForwardRoute): void {
    const plan = exchange.plan!;
    if (plan.bodyPolicies.length > 0 && exchange.body !== undefined) return this.#checkBody(exchange, action, route);
    if (exchange.upgrade === undefined) plan.mirror?.copy(exchange, action);
    // A small body is there once the message that brought the head has been read to its end, or is waited for before it takes a place.
    if (exchange.body !== undefined && !exchange.expectsContinue && route.retries.gathers(exchange.body)) {
      process.nextTick(startWithBody, this, exchange, action, route);
    } else this.attempt(exchange, action, route);
  }

  #checkBody(exchange: Exchange, plan: ForwardPlan, route: ForwardRoute): void {
    const body = exchange.body!;
    // The client is to send it all: nobody else will tell it to.
    if (exchange.expectsContinue) exchange.responder.informational(100, []);
    body.gather(error => {
      if (exchange.error !== undefined) return;
      if (error !== undefined) return exchange.fail(error);
      for (const policy of exchange.plan!.bodyPolicies) {
        const verdict = policy.checkBody!(exchange, body.whole!);
        if (verdict !== undefined) return exchange.settle(verdict);
      }
      exchange.plan!.mirror?.copy(exchange, plan);
      this.attempt(exchange, plan, route);
    });
  }

  /** Tries a backend, the first or another. */
  attempt(exchange: Exchange, plan: ForwardPlan, route: ForwardRoute): void {
    if (exchange.body?.isGone === true) return exchange.fail(bodyGone);
    const { target } = route;
    let candidates = target.candidates(exchange.tried);
    while (candidates.length > 0) {
      // 3
      const isSending = exchange.body !== undefined && exchange.body.isComing;
      const backend = target.pick(candidates, exchange, isSending);
      exchange.backend = backend;
      // 4
      const gate = target.gate(backend);
      if (!gate.tryEnter(isSending)) {
        const wait = new Wait(this, exchange, plan, route, backend, isSending);
        exchange.underWay = wait;
        return gate.wait(wait);
      }
      if (this.#enter(exchange, plan, route, backend, isSending)) return;
      candidates = candidates.filter(each => each !== backend);
    }
    this.#fallBack(exchange, plan, route, undefined);
  }

  /** Goes on with an exchange that has waited for its place before a backend. */
  attemptOn(
    exchange: Exchange,
    plan: ForwardPlan,
    route: ForwardRoute,
    backend: LiveBackend,
    isSending: boolean,
  ): void {
    if (!this.#enter(exchange, plan, route, backend, isSending)) this.attempt(exchange, plan, route);
  }

  failed({ exchange, plan, route, backend }: Attempt, error: GatewayError, stale: boolean): void {
    if (exchange.error !== undefined) return;
    if (exchange.stream !== undefined) return this.giveUp(exchange, error, backend);
    if (exchange.responder.headSent) return exchange.fail(error);
    // 7
    const reason = route.retries.afterError(exchange, error, stale);
    if (reason !== undefined && reason !== 'stale') exchange.tried = [...exchange.tried, backend];
    const isOver = reason === undefined || route.target.upstream.available.length === 0;
    const wait = isOver ? undefined : this.#waitBefore(exchange, route, reason);
    if (reason === undefined || wait === undefined) return this.#fallBack(exchange, plan, route, error);
    this.#again(exchange, plan, route, reason, wait);
  }

  triesElsewhere({ exchange, route, backend }: Attempt, error: GatewayError): boolean {
    if (exchange.responder.headSent || route.retries.afterError(exchange, error, false) === undefined) return false;
    return route.target.hasUntried([...exchange.tried, backend]);
  }

  declines(attempt: Attempt, status: number): boolean {
    const { exchange, plan, route, backend, race } = attempt;
    // The other attempt of the race is there already: whether another may follow does not matter.
    if (race !== undefined && race.running.length > 1 && route.retries.isFailure(status)) {
      exchange.tried = [...exchange.tried, backend];
      race.lost(attempt);
      attempt.drop();
      return true;
    }
    const reason = route.retries.afterStatus(exchange, status);
    if (reason === undefined) return false;
    const { target } = route;
    const tried = [...exchange.tried, backend];
    // If this failure opens the last circuit, it is the best answer that there is.
    attempt.judge();
    // A backend that has been tried would be asked for what is here already; one that is busy would have the client wait for it.
    if (!target.hasUntried(tried)) return false;
    const wait = this.#waitBefore(exchange, route, reason);
    if (wait === undefined) return false;
    exchange.tried = tried;
    race?.lost(attempt);
    attempt.drop();
    this.#again(exchange, plan, route, reason, wait);
    return true;
  }

  /** Starts the second attempt of a race, if another backend has room for it and the budget allows it. */
  hedge(exchange: Exchange, plan: ForwardPlan, route: ForwardRoute, race: Race): void {
    const { target } = route;
    const [first] = race.running;
    if (first === undefined || exchange.error !== undefined || exchange.responder.headSent) return;
    // Being slow is no failure yet: backups stay out of it while there are primaries.
    const candidates = target.upstream.available.filter(each => each !== first.backend && target.gate(each).hasRoom);
    if (candidates.length === 0) return;
    if (!this.mayRetry(route)) return;
    const backend = target.pick(candidates, exchange);
    const gate = target.gate(backend);
    if (!gate.tryEnter()) return;
    this.metrics.hedged(target.upstream.name);
    this.#enter(exchange, plan, route, backend, false, race);
  }

  /** False: its breaker does not let it in; it has left the gate then. */
  #enter(
    exchange: Exchange,
    plan: ForwardPlan,
    route: ForwardRoute,
    backend: LiveBackend,
    isSending: boolean,
    inRace?: Race,
  ): boolean {
    // 5
    const { target, retries } = route;
    const breaker = target.breaker(backend);
    const ticket = breaker.tryEnter();
    if (ticket === 0 && !target.upstream.panicking) {
      target.gate(backend).leave(isSending);
      return false;
    }
    // 6
    let race = inRace;
    const after = exchange.attempts === 0 ? retries.hedgeAfter(exchange, target) : undefined;
    if (after !== undefined) race = new Race(after, new Hedging(this, exchange, plan, route));
    const { timeouts } = route;
    // One that goes on with an event stream has all the time of a first one; so has each, where timeouts are tried again.
    const isFirst = exchange.attempts === 0 || exchange.stream !== undefined || retries.renewsPatience;
    const left = isFirst ? timeouts.response : Math.max(1, patience(exchange, timeouts.response));
    exchange.attempts++;
    const attempt = new Attempt(exchange, plan, route, backend, breaker, ticket, this, race);
    race?.enter(attempt);
    if (isSending) attempt.beginSending();
    const request = plan.request(exchange, target, backend, exchange.body?.open(), {
      connect: isFirst ? timeouts.connect : Math.min(timeouts.connect || target.connectTimeout, left),
      response: retries.limit(left),
      idle: timeouts.idle,
    });
    attempt.drive(target.forwarder.forward(request, backend, attempt));
    return true;
  }

  /** Ends an exchange that has found no place before a backend. */
  turnedAway(exchange: Exchange, plan: ForwardPlan, route: ForwardRoute, at: LiveBackend, error: GatewayError): void {
    if (exchange.stream !== undefined) this.giveUp(exchange, error, at);
    else this.#fallBack(exchange, plan, route, error);
  }

  /** Fails an exchange, unless it is an event stream that goes on by itself. */
  giveUp(exchange: Exchange, error: GatewayError, backend: LiveBackend | undefined): void {
    if (backend !== undefined) exchange.tried = [...exchange.tried, backend];
    if (exchange.stream?.failed(error) !== true) exchange.fail(error);
  }

  /** Milliseconds until the next attempt may begin; undefined: there may be none. */
  #waitBefore(exchange: Exchange, route: ForwardRoute, reason: RetryReason): number | undefined {
    if (reason === 'stale') return 0;
    const { retries, timeouts } = route;
    const wait = retries.backoff(exchange);
    if (!retries.renewsPatience && wait >= patience(exchange, timeouts.response)) return undefined;
    // No backend has had the request yet: it adds nothing.
    if (reason === 'connect-failure' && route.target.hasUntried(exchange.tried)) return wait;
    return this.mayRetry(route) ? wait : undefined;
  }

  mayRetry({ target }: ForwardRoute): boolean {
    const may = target.budget.take(performance.now());
    if (!may) this.metrics.withheld(target.upstream.name);
    return may;
  }

  #again(exchange: Exchange, plan: ForwardPlan, route: ForwardRoute, reason: RetryReason, wait: number): void {
    if (reason === 'stale') exchange.staleAttempts++;
    else exchange.retries++;
    this.metrics.retried(route.target.upstream.name, reason);
    if (wait === 0) this.attempt(exchange, plan, route);
    else exchange.underWay = new Pause(wait, this, exchange, plan, route);
  }

  /** `cause`: what the last attempt ended with, when there was one. */
  #fallBack(exchange: Exchange, plan: ForwardPlan, route: ForwardRoute, cause: GatewayError | undefined): void {
    // 8
    const { fallback, target } = route;
    const error = cause ?? target.unavailable();
    if (cause === undefined) this.metrics.refused(target.upstream);
    if (exchange.stream !== undefined) return this.giveUp(exchange, error, undefined);
    if (fallback === undefined || !isOutage(error)) return exchange.fail(error);
    if (fallback.kind === 'upstream' && !route.retries.mayMove(exchange, error)) return exchange.fail(error);
    this.metrics.fellBack(target.upstream.name);
    if (fallback.kind === 'response') return exchange.fail(error, fallback.respond(exchange, error));
    exchange.moveTo(fallback.route.target.upstream.name);
    this.attempt(exchange, plan, fallback.route);
  }
}

/** An exchange before the gate of a backend. */
class Wait implements GateWaiter, UnderWay {
  constructor(
    private readonly dispatcher: Dispatcher,
    private readonly exchange: Exchange,
    private readonly plan: ForwardPlan,
    private readonly route: ForwardRoute,
    private readonly backend: LiveBackend,
    readonly isSending: boolean,
  ) {}

  entered(): void {
    const { exchange, plan, route, backend, isSending } = this;
    exchange.underWay = undefined;
    this.dispatcher.attemptOn(exchange, plan, route, backend, isSending);
  }

  refused(reason: string): void {
    const { exchange, plan, route, backend } = this;
    exchange.underWay = undefined;
    this.dispatcher.turnedAway(exchange, plan, route, backend, queueFull(reason));
  }

  sentAway(): void {
    const { exchange, plan, route } = this;
    exchange.underWay = undefined;
    this.dispatcher.attempt(exchange, plan, route);
  }

  giveUp(): void {
    this.route.target.gate(this.backend).giveUp(this);
  }
}

/** What a race needs to start its second attempt. */
class Hedging implements Starter {
  constructor(
    private readonly dispatcher: Dispatcher,
    private readonly exchange: Exchange,
    private readonly plan: ForwardPlan,
    private readonly route: ForwardRoute,
  ) {}

  hedge(race: Race): void {
    this.dispatcher.hedge(this.exchange, this.plan, this.route, race);
  }
}
