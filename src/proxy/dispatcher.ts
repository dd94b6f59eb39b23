import { Injectable } from '@nestjs/common';
import { GatewayError } from '../http/gateway-error.js';
import type { Candidates } from '../upstream/backend.js';
import type { LiveBackend } from '../upstream/live-backend.js';
import { Attempt } from './attempt.js';
import type { ConnectionGate } from './connection-gate.js';
import type { Exchange } from './exchange.js';
import { finalRecipient } from './final-recipient.js';
import type { ForwardPlan, ForwardRoute } from './route-plan.js';

const noRoute = new GatewayError('NO_ROUTE', 'No route matches the request.');
/** Seconds after which it is worth trying again: a queue or a veto seldom lasts shorter. */
const retryAfter = ['Retry-After', '1'];
const noBackend = new GatewayError('NO_BACKEND', 'No backend can take the request now.', undefined, 503, retryAfter);

/**
 * Carries an exchange to a backend.
 *
 * ```
 * 1 answer here, when the route is a redirect or a fixed response, or the request may go no further
 * 2 choose the upstream (the route's, or one of its split)
 * 3 pick a backend among the available
 * 4 enter its gate, or wait before it
 * 5 forward; the attempt carries the response over and settles
 * ```
 */
@Injectable()
export class Dispatcher {
  dispatch(exchange: Exchange): void {
    // While it waited for the guards, the client may have gone or broken its body: it is answered then.
    if (exchange.error !== undefined) return;
    exchange.dispatchedAt = performance.now();
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
    exchange.openBody(plan.maxBody);
    plan.mirror?.copy(exchange, action);
    this.#attempt(exchange, action, route);
  }

  #attempt(exchange: Exchange, action: ForwardPlan, route: ForwardRoute): void {
    // 3
    const { target } = route;
    const { available } = target.upstream;
    if (available.length === 0) return exchange.fail(noBackend);
    const backend = target.balancer.pick(available as unknown as Candidates, exchange) as LiveBackend;
    exchange.backend = backend;
    // 4
    const gate = target.gate(backend);
    if (gate.tryEnter()) return this.#forward(exchange, action, route, backend);
    this.#wait(exchange, action, route, backend, gate);
  }

  #wait(
    exchange: Exchange,
    action: ForwardPlan,
    route: ForwardRoute,
    backend: LiveBackend,
    gate: ConnectionGate,
  ): void {
    const giveUp = gate.wait(
      () => {
        exchange.underWay = undefined;
        this.#forward(exchange, action, route, backend);
      },
      reason =>
        exchange.fail(new GatewayError('QUEUE_FULL', 'The backend is busy; try again later.', reason, 503, retryAfter)),
    );
    if (exchange.error === undefined) exchange.underWay = { giveUp };
  }

  #forward(exchange: Exchange, action: ForwardPlan, { target, timeouts }: ForwardRoute, backend: LiveBackend): void {
    // 5
    exchange.attempts++;
    const attempt = new Attempt(exchange, target, backend);
    attempt.drive(target.forwarder.forward(action.request(exchange, target, backend, timeouts), backend, attempt));
  }
}
