import type { IncomingMessage } from 'node:http';

/** Where a raw request carries the exchange that was opened for it, so that guards, controllers and error handlers find it. */
export const EXCHANGE = Symbol('gatehouse.exchange');

/** A raw request with its exchange, once one is open. `E` is the view that the reader needs. */
export type WithExchange<E> = IncomingMessage & { [EXCHANGE]?: E };
