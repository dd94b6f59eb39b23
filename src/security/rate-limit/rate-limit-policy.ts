import { GatewayError } from '../../http/gateway-error.js';
import { denial } from '../denial.js';
import type { Foreseen, PolicyContext, RequestPolicy, Verdict } from '../policy.js';
import { unreachable, type Backlogs, type LimitStore } from './limit-store.js';
import type { Limit } from './limit.js';
import { second } from './quota.js';
import type { RateLimitFields } from './rate-limit-fields.js';

/** The refusal of a request that cannot be counted. 503 and not 429: it is not the client's fault, and the client has not sent too many requests. */
export const cannotCount = new GatewayError(
  'LIMIT_UNAVAILABLE',
  'The request cannot be counted at present, and so it is not let in.',
  'rate-limit store out of reach, and onStoreFailure is deny',
  undefined,
  ['Retry-After', '1'],
  undefined,
  { policy: 'rate-limit' },
);

/**
 * The limits of a route that are asked at one stage. All must let a request through: it is counted in all of them or, when it
 * is denied, in none. With the store in memory it returns no promise.
 */
export class RateLimitPolicy implements RequestPolicy {
  readonly #subjects: string[];

  constructor(
    private readonly limits: readonly Limit[],
    private readonly store: LimitStore,
    private readonly fields: RateLimitFields,
  ) {
    this.#subjects = limits.map(() => '');
  }

  check(request: PolicyContext): Verdict | Promise<Verdict> {
    for (let i = 0; i < this.limits.length; i++) this.#subjects[i] = this.limits[i]!.subject(request);
    const taken = this.store.take(this.limits, this.#subjects);
    if (taken instanceof Promise) return taken.then(backlogs => this.#judge(request, backlogs));
    return this.#judge(request, taken);
  }

  foresee(request: PolicyContext): Foreseen | Promise<Foreseen> {
    const subjects = this.limits.map(limit => limit.subject(request));
    const judged = (backlogs: Backlogs): Foreseen => ({
      verdict: this.#judge(request, backlogs),
      says: this.limits.map((limit, index) => limit.words(backlogs[index]!)),
    });
    const read = this.store.read(this.limits, subjects);
    return read instanceof Promise ? read.then(judged) : judged(read);
  }

  #judge(request: PolicyContext, backlogs: Backlogs): Verdict {
    let wait = 0;
    let longest: Limit | undefined;
    let lost = false;
    for (let i = 0; i < this.limits.length; i++) {
      const backlog = backlogs[i]!;
      // A store of any kind that gives no number has not counted the request either.
      if (backlog === unreachable || Number.isNaN(backlog)) lost = true;
      else if (backlog - this.limits[i]!.tolerance > wait) {
        longest = this.limits[i]!;
        wait = backlog - longest.tolerance;
      }
    }
    this.fields.write(request, this.limits, backlogs, wait > 0);
    if (longest !== undefined) {
      const headers = ['Retry-After', String(Math.ceil(wait / second))];
      const limit = `security.rateLimit ${longest.told}`;
      return denial('rate-limit', longest.told, { status: 429, detail: 'Too many requests.', headers, limit });
    }
    return lost ? cannotCount : undefined;
  }
}
