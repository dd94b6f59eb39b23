import { createNamedDecorator } from '../extension/named.js';
import type { RequestInfo } from '../http/request-info.js';
import type { Backend, Candidates, Outcome } from '../upstream/backend.js';

/**
 * Picks the backend for an attempt. One instance for each upstream that names the strategy, so state is a plain field.
 * `candidates` are already filtered (vetoes, backup tier, backends already tried); its array keeps its identity until the set
 * changes or the weight of one of them does.
 */
export interface LoadBalancingStrategy {
  pick(candidates: Candidates, request: RequestInfo): Backend;
  /** Called when an attempt has settled. `firstByte`: milliseconds until the response head, undefined when none came. */
  settled?(backend: Backend, outcome: Outcome, firstByte: number | undefined): void;
}

/**
 * Names a load-balancing strategy: `@Strategy('idlest')`, or `@Strategy('idlest', { options: IdlestOptions })` for one that
 * takes options by `configure`. Provide the class in any module and write the name under `upstreams.*.strategy`.
 */
export const Strategy = createNamedDecorator<LoadBalancingStrategy>('strategy');
