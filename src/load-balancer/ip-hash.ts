import type { RequestInfo } from '../http/request-info.js';
import type { Backend, Candidates } from '../upstream/backend.js';
import { hashText } from './hash.js';
import { HashSlots } from './hash-slots.js';
import { PlanCache } from './plan-cache.js';
import { Strategy, type LoadBalancingStrategy } from './strategy.js';

/**
 * The same backend for the same client address, shares by weight. When a backend leaves, only its own clients move. The whole
 * address counts, for IPv6 too; many clients behind one address (NAT, or a proxy that is not in `trustedProxies`) are one client.
 */
@Strategy('ip-hash')
export class IpHash implements LoadBalancingStrategy {
  readonly #slots = new PlanCache<HashSlots>((candidates, inUse) => new HashSlots(candidates, inUse));

  pick(candidates: Candidates, request: RequestInfo): Backend {
    if (candidates.length === 1) return candidates[0];
    return this.#slots.planFor(candidates).ownerOf(hashText(request.clientIp));
  }

  foresee(candidates: Candidates, request: RequestInfo): readonly Backend[] {
    return [this.pick(candidates, request)];
  }
}
