import type { RateLimitConfig } from '../../config/file/security.config.js';
import { limitSubject, type LimitSubject } from './limit-subject.js';
import { cellOf, second, type Quota } from './quota.js';

/** What a structured field's integer may be at most (RFC 9651 §3.3.1). */
const largest = 999_999_999_999_999;

/** One entry of `security.rateLimit`, compiled. */
export class Limit implements Quota {
  readonly interval: number;
  readonly tolerance: number;
  readonly onStoreFailure: Quota['onStoreFailure'];
  /** Who a request is counted for. */
  readonly subject: LimitSubject;
  /** It can be asked only when authentication has spoken. */
  readonly needsClaims: boolean;
  /** Its item of `RateLimit-Policy`. */
  readonly policyItem: string;

  /** `title`: how it is called in response fields; a plain word. */
  constructor(
    readonly name: string,
    private readonly title: string,
    { limit, per, burst = limit, key, ipv6Prefix, onStoreFailure }: Readonly<RateLimitConfig>,
  ) {
    ({ interval: this.interval, tolerance: this.tolerance } = cellOf(limit, per, burst));
    this.onStoreFailure = onStoreFailure;
    this.subject = limitSubject(key, ipv6Prefix);
    this.needsClaims = key.startsWith('jwt:');
    this.policyItem = policyItem(title, Math.max(limit, burst), (Math.max(limit, burst) / limit) * per);
  }

  /** Its item of `RateLimit` at a backlog of so many nanoseconds. `seconds`: until the limit is whole again, unless it is given. */
  item(backlog: number, seconds = Math.ceil(backlog / second)): string {
    const remaining = Math.min(largest, Math.max(0, Math.floor((this.tolerance - backlog) / this.interval)));
    return `"${this.title}";r=${remaining};t=${seconds}`;
  }
}

/** Windows are whole seconds there: the quota of a broken one is scaled to the next whole one. */
function policyItem(title: string, quota: number, milliseconds: number): string {
  const window = Math.ceil(milliseconds / 1000);
  const scaled = Math.floor(quota * ((window * 1000) / milliseconds));
  return `"${title}";q=${Math.min(largest, scaled)};w=${window}`;
}
