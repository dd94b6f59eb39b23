import type { AttemptOwner } from './attempt-owner.js';
import type { Exchange } from './exchange.js';
import { Borrowed } from './client/memory-share.js';
import type { ForwardPlan, ForwardRoute } from './plan/route-plan.js';

/**
 * Begins with an exchange whose body may have come with its head, or is to be in memory before it takes a place at a backend. Called when the
 * message that has brought the head was read to its end.
 */
export function startWithBody(owner: AttemptOwner, exchange: Exchange, plan: ForwardPlan, route: ForwardRoute): void {
  if (exchange.error !== undefined) return;
  const body = exchange.body!;
  if (body.isSmall) body.takeWhole();
  if (body.whole !== undefined || !route.retries.buffers(body)) return owner.attempt(exchange, plan, route);
  // Where there is no memory for it, it takes one of the places for those that are still sending.
  if (!(exchange.borrowed ??= new Borrowed()).take(owner.memory.bodies, Number(body.length))) {
    return owner.attempt(exchange, plan, route);
  }
  body.gather(error => {
    if (exchange.error !== undefined) return;
    if (error === undefined) owner.attempt(exchange, plan, route);
    else exchange.fail(error);
  });
}
