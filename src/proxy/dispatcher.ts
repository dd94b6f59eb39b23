import { Injectable } from '@nestjs/common';
import { RetryMetrics } from '../metrics/retry-metrics.js';
import { ClientMemory } from './client/memory-share.js';
import { Delivery, type DeliveryServices } from './delivery.js';
import type { Exchange } from './exchange.js';
import { EventStreams } from './lasting/event-streams.js';
import { localAnswer } from './plan/final-recipient.js';
import { noRoute } from './plan/refusals.js';
import { startWithBody } from './start-with-body.js';

/** Methods whose requests have no body, as a rule (RFC 9110 §9.3). */
const bodiless: ReadonlySet<string> = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE']);

/** Answers an exchange, or begins its delivery to an upstream: the steps 4 and 5 of its road. */
@Injectable()
export class Dispatcher implements DeliveryServices {
  constructor(
    readonly metrics: RetryMetrics,
    readonly streams: EventStreams,
    readonly memory: ClientMemory,
  ) {}

  dispatch(exchange: Exchange): void {
    // While it waited for the guards, one of them may have answered it, or the client may have gone or broken its body; and an interceptor may run
    // the controller twice.
    if (exchange.isDecided || exchange.times.dispatchedAt !== 0) return;
    const now = (exchange.times.dispatchedAt = performance.now());
    // 4
    const { plan, match } = exchange.location;
    if (plan === undefined || match === undefined) return exchange.fail(noRoute);
    const { action } = plan;
    const answer = localAnswer(exchange, plan);
    if (answer !== undefined || action.kind === 'local') return exchange.respond(answer!);
    // 5
    const route = action.next(match);
    exchange.openBody(plan.maxBody, route.retries.hold);
    route.target.budget.deposit(route.retries.share, now);
    const delivery = new Delivery(this, exchange, action, route, now);
    if (exchange.mayHaveNoBody) this.#afterFirstByte(delivery);
    else this.#begin(delivery);
  }

  /** A request on HTTP/2 whose head was not its end, and which may have no body all the same. */
  #afterFirstByte(delivery: Delivery): void {
    const { exchange } = delivery;
    let waits = true;
    const goOn = (): void => {
      if (!waits) return;
      waits = false;
      if (exchange.isDecided) return;
      if (exchange.body!.isEmpty) exchange.dropBody();
      this.#begin(delivery);
    };
    exchange.body!.whenShown(goOn);
    // An end that belongs to the head comes with it. Where a body is to be expected, what is first said may be the backend's part.
    if (!bodiless.has(exchange.method)) setImmediate(goOn);
  }

  #begin(delivery: Delivery): void {
    const { exchange, route } = delivery;
    const plan = exchange.plan!;
    if (plan.bodyPolicies.length > 0 && exchange.body !== undefined) return this.#checkBody(delivery);
    if (exchange.upgrade === undefined) plan.mirror?.copy(exchange, delivery.action);
    // A small body is there once the message that brought the head has been read to its end, or is waited for before it takes a place.
    if (exchange.body !== undefined && !exchange.expectsContinue && route.retries.gathers(exchange.body)) {
      process.nextTick(startWithBody, delivery);
    } else delivery.next();
  }

  #checkBody(delivery: Delivery): void {
    const { exchange } = delivery;
    const plan = exchange.plan!;
    const body = exchange.body!;
    // The client is to send it all: nothing else will tell it to.
    if (exchange.expectsContinue) exchange.responder.informational(100, []);
    body.gather(error => {
      if (exchange.isDecided) return;
      if (error !== undefined) return exchange.fail(error);
      for (const policy of plan.bodyPolicies) {
        const verdict = policy.checkBody!(exchange, body.whole!);
        if (verdict !== undefined) return exchange.settle(verdict);
      }
      plan.mirror?.copy(exchange, delivery.action);
      delivery.next();
    });
  }
}
