import type { Target } from '../target/target.js';
import type { FallbackResponse } from './fallback.js';
import type { RetryPolicy } from './retry-policy.js';

/** Milliseconds; what the route says, else what its upstream says. */
export interface EffectiveTimeouts {
  /** 0 = the upstream's. */
  readonly connect: number;
  readonly response: number;
  readonly idle: number;
}

/** An upstream with what holds for a route's requests to it. */
export interface ForwardRoute {
  readonly target: Target;
  readonly timeouts: EffectiveTimeouts;
  readonly retries: RetryPolicy;
  /** What a client gets where the gateway would answer with 502, 503 or 504; undefined: a problem document. */
  readonly fallback: FallbackResponse | FallbackUpstream | undefined;
}

/** Another upstream that takes the request. */
interface FallbackUpstream {
  readonly kind: 'upstream';
  readonly route: ForwardRoute;
}
