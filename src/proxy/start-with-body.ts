import { Borrowed, type ClientMemory } from './client/memory-share.js';
import type { Exchange } from './exchange.js';
import type { RetryPolicy } from './plan/retry-policy.js';

/** What begins once the body is there, or does not wait for it. */
export interface Startable {
  readonly exchange: Pick<Exchange, 'body' | 'borrowed' | 'fail' | 'isDecided'>;
  readonly memory: Pick<ClientMemory, 'bodies'>;
  readonly route: { readonly retries: Pick<RetryPolicy, 'buffers'> };
  next(): void;
}

/**
 * Begins with an exchange whose body may have come with its head, or is to be in memory before it takes a place at a backend. Called when the
 * message that has brought the head was read to its end.
 */
export function startWithBody(delivery: Startable): void {
  const { exchange, memory, route } = delivery;
  if (exchange.isDecided) return;
  const body = exchange.body!;
  if (body.isSmall) body.takeWhole();
  if (body.whole !== undefined || !route.retries.buffers(body)) return delivery.next();
  // Where there is no memory for it, it takes one of the places for those that are still sending.
  if (!(exchange.borrowed ??= new Borrowed()).take(memory.bodies, Number(body.length))) return delivery.next();
  body.gather(error => {
    if (exchange.isDecided) return;
    if (error === undefined) delivery.next();
    else exchange.fail(error);
  });
}
