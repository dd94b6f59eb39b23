import type { ConcurrencyConfig } from '../../config/file/security.config.js';
import type { PolicyContext } from '../policy.js';
import { limitSubject, needsClaims, type LimitSubject } from '../rate-limit/limit-subject.js';

/** One entry of `security.concurrency`, compiled. */
export class ConcurrencyLimit {
  /** Exchanges that one subject may have in flight. */
  readonly limit: number;
  /** Whether it needs claims, and so comes after authentication. */
  readonly needsClaims: boolean;
  readonly #subject: LimitSubject;

  /** `name`: tells its counts from those of other limits. It must show its own end, since the subject stands behind it. */
  constructor(
    private readonly name: string,
    { limit, key, ipv6Prefix }: Readonly<ConcurrencyConfig>,
  ) {
    this.limit = limit;
    this.needsClaims = needsClaims(key);
    this.#subject = limitSubject(key, ipv6Prefix);
  }

  /** What a request is counted under. */
  key(request: PolicyContext): string {
    return this.name + this.#subject(request);
  }
}
