import type { PolicyContext } from '../policy.js';
import { uncounted, unreachable, type Backlogs } from './limit-store.js';
import type { Limit } from './limit.js';
import { second } from './quota.js';

/**
 * Writes `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers, structured fields) on the responses of a
 * route: an item for each of its limits. `t` is the time in seconds until the limit is whole again or, after a refusal, until
 * it lets the next request through, as in Retry-After.
 */
export class RateLimitFields {
  readonly #policy: string;
  /** The items of an earlier stage, kept for the later one. */
  readonly #earlier = new WeakMap<PolicyContext, string>();

  /** `limits`: all limits of the route, in their order. */
  constructor(
    limits: readonly Limit[],
    private readonly hasStages: boolean,
  ) {
    this.#policy = limits.map(limit => limit.policyItem).join(', ');
  }

  write(request: PolicyContext, limits: readonly Limit[], backlogs: Backlogs, denied: boolean): void {
    let text = (this.hasStages && this.#earlier.get(request)) || '';
    for (let i = 0; i < limits.length; i++) {
      const backlog = backlogs[i]!;
      if (backlog === uncounted || backlog === unreachable) continue;
      const item = denied ? itemOfDenial(limits[i]!, backlog) : limits[i]!.item(backlog);
      text = text === '' ? item : `${text}, ${item}`;
    }
    if (this.hasStages) this.#earlier.set(request, text);
    request.setResponseHeader('RateLimit-Policy', this.#policy);
    if (text !== '') request.setResponseHeader('RateLimit', text);
  }
}

/** The item after a refusal: a refused request has moved no cell. */
function itemOfDenial(limit: Limit, backlog: number): string {
  const held = backlog - limit.interval;
  const wait = backlog - limit.tolerance;
  return wait > 0 ? limit.item(held, Math.ceil(wait / second)) : limit.item(held);
}
