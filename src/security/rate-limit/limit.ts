import type { RateLimitConfig } from '../../config/file/security.config.js';
import { formatDuration } from '../../config/language/kinds/duration.js';
import { uncounted } from './limit-store.js';
import { keyWords, limitSubject, needsClaims, type LimitSubject } from './limit-subject.js';
import { cellOf, second, type Quota } from './quota.js';

/** The largest integer of a structured field (RFC 9651 §3.3.1). */
const largest = 999_999_999_999_999;

/** One entry of `security.rateLimit`, compiled. */
export class Limit implements Quota {
  readonly interval: number;
  readonly tolerance: number;
  readonly onStoreFailure: Quota['onStoreFailure'];
  /** Gives the subject for which a request is counted. */
  readonly subject: LimitSubject;
  /** Whether it needs claims, and so comes after authentication. */
  readonly needsClaims: boolean;
  /** Its item of `RateLimit-Policy`. */
  readonly policyItem: string;
  /** What the log calls it: `10/1s per address`. */
  readonly told: string;

  /** `title`: the name of the limit in response fields; a plain word. */
  constructor(
    readonly name: string,
    readonly title: string,
    { limit, per, burst = limit, key, ipv6Prefix, onStoreFailure }: Readonly<RateLimitConfig>,
  ) {
    ({ interval: this.interval, tolerance: this.tolerance } = cellOf(limit, per, burst));
    this.onStoreFailure = onStoreFailure;
    this.subject = limitSubject(key, ipv6Prefix);
    this.needsClaims = needsClaims(key);
    this.told = `${limit}/${formatDuration(per)} ${keyWords(key)}`;
    this.policyItem = policyItem(title, Math.max(limit, burst), (Math.max(limit, burst) / limit) * per);
  }

  /** Its item of `RateLimit` at a backlog in nanoseconds. `seconds`: the value of `t`; default: until the limit is whole again. */
  item(backlog: number, seconds = Math.ceil(backlog / second)): string {
    const remaining = Math.min(largest, Math.max(0, Math.floor((this.tolerance - backlog) / this.interval)));
    return `"${this.title}";r=${remaining};t=${seconds}`;
  }

  /** For people, at the backlog that one more request would make: `100/1s per address: 42 left behind this request`. */
  words(backlog: number): string {
    if (backlog === uncounted) return `${this.told}: not counted, since the store is out of reach`;
    if (!Number.isFinite(backlog)) return `${this.told}: cannot be counted, since the store is out of reach`;
    const wait = backlog - this.tolerance;
    if (wait > 0) return `${this.told}: used up, one more in ${(wait / second).toFixed(3)} s`;
    return `${this.told}: ${Math.floor(-wait / this.interval)} left behind this request`;
  }
}

/** Windows are whole seconds in this field: the quota of a window with a fraction is scaled to the next whole second. */
function policyItem(title: string, quota: number, milliseconds: number): string {
  const window = Math.ceil(milliseconds / 1000);
  const scaled = Math.floor(quota * ((window * 1000) / milliseconds));
  return `"${title}";q=${Math.min(largest, scaled)};w=${window}`;
}
