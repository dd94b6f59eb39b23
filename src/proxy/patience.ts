import type { Exchange } from './exchange.js';

/**
 * Milliseconds for which the client still waits for a response head, over all attempts: what is left of
 * `timeouts.response` since its request was complete and the upstream had it. Infinity when that is 0 (no limit).
 */
export function patience(exchange: Exchange, response: number): number {
  if (response === 0) return Infinity;
  const { body, givenAt } = exchange;
  if (body === undefined) return response - (performance.now() - givenAt);
  if (body.completeAt === 0) return response;
  return response - (performance.now() - Math.max(body.completeAt, givenAt));
}
