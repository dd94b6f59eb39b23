import { Matches, Max, Min, ValidateIf } from 'class-validator';
import type { RequestInfo } from '../http/request-info.js';
import type { Backend, Candidates } from '../upstream/backend.js';
import { BoundedLoad } from './bounded-load.js';
import { hashText } from './hash.js';
import { HashSlots } from './hash-slots.js';
import { PlanCache } from './plan-cache.js';
import { REQUEST_KEY_FORM, requestKey, type RequestKey } from './request-key.js';
import { Strategy, type LoadBalancingStrategy } from './strategy.js';

/** Options of `{ name: consistent-hash, … }`. */
export class ConsistentHashOptions {
  /**
   * Requests with the same value of this key go to the same backend: `client-ip`, `path` (without the query), `header:<name>`
   * or `cookie:<name>`. A request without the header or cookie counts by its client's address. Default: `client-ip`.
   */
  @Matches(REQUEST_KEY_FORM, { message: 'must be client-ip, path, header:<name> or cookie:<name>' })
  key = 'client-ip';

  /**
   * A backend may have up to this many times its share of the exchanges in flight before requests for its keys are sent to
   * others; `1.25` is a good choice for caches with a few very busy keys. From 1 to 100. Default: 0 = off, a key never leaves
   * its backend. The trap: with only a few exchanges in flight, two at the same time for one key may already go to two
   * backends.
   */
  @ValidateIf((options: ConsistentHashOptions) => options.boundedLoad !== 0)
  @Max(100, { message: 'must be 0 (off), or from 1 to 100' })
  @Min(1, { message: 'must be 0 (off), or from 1 to 100' })
  boundedLoad = 0;
}

interface Plan {
  readonly slots: HashSlots;
  readonly bound: BoundedLoad;
}

/**
 * The same backend for the same key, with shares by weight. When a backend leaves, only its own keys move, and they come back
 * with it. For backends that keep a cache or a session for a key.
 */
@Strategy('consistent-hash', { options: ConsistentHashOptions })
export class ConsistentHash implements LoadBalancingStrategy {
  #key: RequestKey = requestKey('client-ip');
  #boundedLoad = 0;
  readonly #plans = new PlanCache<Plan>((candidates, inUse) => ({
    slots: new HashSlots(candidates, inUse?.slots),
    bound: new BoundedLoad(candidates, this.#boundedLoad),
  }));

  configure(options: ConsistentHashOptions): void {
    this.#key = requestKey(options.key);
    this.#boundedLoad = options.boundedLoad;
  }

  pick(candidates: Candidates, request: RequestInfo): Backend {
    if (candidates.length === 1) return candidates[0];
    const hash = hashText(this.#key(request));
    const { slots, bound } = this.#plans.planFor(candidates);
    return this.#boundedLoad === 0 ? slots.ownerOf(hash) : bound.ownerOf(hash, slots);
  }

  foresee(candidates: Candidates, request: RequestInfo): readonly Backend[] {
    return [this.pick(candidates, request)];
  }
}
