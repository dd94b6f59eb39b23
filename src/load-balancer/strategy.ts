import { createNamedDecorator } from '../extension/named.js';
import type { RequestInfo } from '../http/request-info.js';
import type { Backend, Candidates, Outcome } from '../upstream/backend.js';

/**
 * Picks the backend for an attempt. Each upstream that names the strategy has its own instance, so state is a plain field.
 * `candidates` are already filtered (vetoes, backup tier, backends already tried); the array stays the same object until a
 * candidate comes, goes or changes its weight.
 */
export interface LoadBalancingStrategy {
  pick(candidates: Candidates, request: RequestInfo): Backend;
  /**
   * Tells among which candidates the next pick for this request falls, as they are now, without moving on. For explanations. Default: it may be any of
   * them.
   */
  foresee?(candidates: Candidates, request: RequestInfo): readonly Backend[];
  /** Called when an attempt has settled. `firstByte`: milliseconds until the response head, undefined when none came. */
  settled?(backend: Backend, outcome: Outcome, firstByte: number | undefined): void;
}

/**
 * Names a load-balancing strategy: `@Strategy('idlest')`, or `@Strategy('idlest', { options: IdlestOptions })` for one that
 * takes options by `configure`. Provide the class in any module and write the name under `upstreams.*.strategy`.
 */
export const Strategy = createNamedDecorator<LoadBalancingStrategy>('strategy');
