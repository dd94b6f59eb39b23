import type { ClientBody } from './client/client-body.js';

/**
 * Milliseconds for which the client still waits for a response head, over all attempts: what is left of `response` (`timeouts.response`) since its
 * request was complete and the upstream had it, at `givenAt` on the clock of `performance.now()`. Infinity when that is 0 (no limit).
 */
export function patience(body: Pick<ClientBody, 'completeAt'> | undefined, givenAt: number, response: number): number {
  if (response === 0) return Infinity;
  if (body === undefined) return response - (performance.now() - givenAt);
  if (body.completeAt === 0) return response;
  return response - (performance.now() - Math.max(body.completeAt, givenAt));
}
