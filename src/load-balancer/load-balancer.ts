import type { RequestInfo } from '../http/request-info.js';
import type { Backend, Candidates, Outcome } from '../upstream/backend.js';
import type { StickySession } from './sticky-session.js';
import type { LoadBalancingStrategy } from './strategy.js';

/** Where the next pick falls. */
export interface ForeseenPick {
  /** At least one. */
  readonly among: readonly Backend[];
  /** The client's sticky cookie names it. */
  readonly bySticky: boolean;
}

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

  /** Among which candidates the next {@link pick} for this request falls, without moving on, and why. */
  foresee(candidates: Candidates, request: RequestInfo): ForeseenPick {
    const kept = this.#sticky?.find(candidates, request);
    if (kept !== undefined) return { among: [kept], bySticky: true };
    return { among: this.#strategy.foresee?.(candidates, request) ?? candidates, bySticky: false };
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
