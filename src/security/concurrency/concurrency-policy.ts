import type { Foreseen, PolicyContext, Releasable, RequestPolicy, Verdict } from '../policy.js';
import type { ConcurrencyLimit } from './concurrency-limit.js';
import type { ConcurrencyStore } from './concurrency-store.js';

/**
 * The limits of a route that are asked at one stage. All must have a place for an exchange, which takes one of each, or, when it is denied, none. It
 * keeps them until it is over, however often it is tried again.
 */
export class ConcurrencyPolicy implements RequestPolicy {
  constructor(
    private readonly limits: readonly ConcurrencyLimit[],
    private readonly store: ConcurrencyStore,
  ) {}

  check(request: PolicyContext): Verdict {
    const taken = new TakenPlaces(this.store);
    for (const limit of this.limits) {
      if (taken.take(limit.key(request), limit.limit)) continue;
      taken.release();
      return limit.tooMany;
    }
    request.onClose(taken);
    return undefined;
  }

  foresee(request: PolicyContext): Foreseen {
    const found = this.limits.map(limit => ({ limit, taken: this.store.taken(limit.key(request)) }));
    return {
      verdict: found.find(({ limit, taken }) => taken >= limit.limit)?.limit.tooMany,
      says: found.map(({ limit, taken }) => `${limit.told}: ${taken} in flight`),
    };
  }
}

/** The places that one exchange has taken. */
class TakenPlaces implements Releasable {
  readonly #keys: string[] = [];

  constructor(private readonly store: ConcurrencyStore) {}

  take(key: string, limit: number): boolean {
    if (!this.store.enter(key, limit)) return false;
    this.#keys.push(key);
    return true;
  }

  release(): void {
    for (const key of this.#keys) this.store.leave(key);
  }
}
