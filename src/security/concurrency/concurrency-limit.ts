import type { ConcurrencyConfig } from '../../config/file/security.config.js';
import type { GatewayError } from '../../http/gateway-error.js';
import { denial } from '../denial.js';
import type { PolicyContext } from '../policy.js';
import { keyWords, limitSubject, needsClaims, type LimitSubject } from '../rate-limit/limit-subject.js';

/** One entry of `security.concurrency`, compiled. */
export class ConcurrencyLimit {
  /** Exchanges that one subject may have in flight. */
  readonly limit: number;
  /** Whether it needs claims, and so comes after authentication. */
  readonly needsClaims: boolean;
  /** The refusal of an exchange for which it has no place. */
  readonly tooMany: GatewayError;
  /** What the log calls it: `20 per address`. */
  readonly told: string;
  readonly #subject: LimitSubject;

  /** `name`: tells its counts from those of other limits. It must show its own end, since the subject stands behind it. */
  constructor(
    private readonly name: string,
    { limit, key, ipv6Prefix }: Readonly<ConcurrencyConfig>,
  ) {
    this.limit = limit;
    this.told = `${limit} ${keyWords(key)}`;
    this.needsClaims = needsClaims(key);
    this.#subject = limitSubject(key, ipv6Prefix);
    this.tooMany = denial('concurrency', this.told, {
      status: 429,
      detail: 'Too many requests at once.',
      headers: ['Retry-After', '1'],
      limit: `security.concurrency ${this.told}`,
    });
  }

  /** What a request is counted under. */
  key(request: PolicyContext): string {
    return this.name + this.#subject(request);
  }
}
