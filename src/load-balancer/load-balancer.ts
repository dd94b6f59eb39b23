import type { RequestInfo } from '../http/request-info.js';
import type { Backend, Candidates, Outcome } from '../upstream/backend.js';
import type { StickySession } from './sticky-session.js';
import type { LoadBalancingStrategy } from './strategy.js';

/** Chooses backends for one upstream: the one that the client's sticky cookie names if it is available, else the strategy's pick. */
export class LoadBalancer {
  readonly #strategy: LoadBalancingStrategy;
  readonly #sticky: StickySession | undefined;

  constructor(strategy: LoadBalancingStrategy, sticky?: StickySession) {
    this.#strategy = strategy;
    this.#sticky = sticky;
  }

  /** The backend for an attempt: one of the candidates. */
  pick(candidates: Candidates, request: RequestInfo): Backend {
    if (this.#sticky !== undefined) {
      const kept = this.#sticky.find(candidates, request);
      if (kept !== undefined) return kept;
    }
    return this.#strategy.pick(candidates, request);
  }

  /**
   * The value of the `Set-Cookie` header for a response of `backend`. Undefined when sessions are not sticky, or when the
   * request's cookie names that backend already. `secure`: the request came over TLS.
   */
  cookieFor(backend: Backend, request: RequestInfo, secure: boolean): string | undefined {
    return this.#sticky?.cookieFor(backend, request, secure);
  }

  /** To be called when an attempt has settled. `firstByte`: milliseconds until the response head, undefined when none came. */
  settled(backend: Backend, outcome: Outcome, firstByte: number | undefined): void {
    this.#strategy.settled?.(backend, outcome, firstByte);
  }
}
