import { Injectable } from '@nestjs/common';
import type { EffectiveSecurity } from '../../config/file/route-settings.js';
import type { RateLimitConfig } from '../../config/file/security.config.js';
import type { PolicySource, StagedPolicy } from '../policy-source.js';
import { LimitStore } from './limit-store.js';
import { Limit } from './limit.js';
import { RateLimitFields } from './rate-limit-fields.js';
import { RateLimitPolicy } from './rate-limit-policy.js';

/**
 * Makes the policies of `security.rateLimit`. Each block has its own counts: routes that inherit the top-level block share its
 * counts.
 */
@Injectable()
export class RateLimitPolicies implements PolicySource {
  readonly #limits = new WeakMap<readonly RateLimitConfig[], readonly Limit[]>();

  constructor(private readonly store: LimitStore) {}

  policies({ rateLimit }: EffectiveSecurity, path: string): readonly StagedPolicy[] {
    if (rateLimit === undefined || rateLimit.length === 0) return [];
    let limits = this.#limits.get(rateLimit);
    if (limits === undefined) {
      limits = compile(rateLimit, path);
      this.#limits.set(rateLimit, limits);
    }
    const early = limits.filter(limit => !limit.needsClaims);
    const late = limits.filter(limit => limit.needsClaims);
    const fields = new RateLimitFields([...early, ...late], early.length > 0 && late.length > 0);
    const policy = (some: readonly Limit[]): RateLimitPolicy => new RateLimitPolicy(some, this.store, fields);
    return [
      ...(early.length > 0 ? [{ stage: 'limits', policy: policy(early), origin: rateLimit } as const] : []),
      ...(late.length > 0 ? [{ stage: 'claim-limits', policy: policy(late), origin: rateLimit } as const] : []),
    ];
  }
}

/** `path`: the first place of the settings. Place and settings make the names of the limits, so a changed limit starts again from zero. */
function compile(settings: readonly RateLimitConfig[], path: string): readonly Limit[] {
  const titles = new Map<string, number>();
  return settings.map((one, index) => {
    const { limit, per, burst = limit, key, ipv6Prefix } = one;
    const kind = settings.length === 1 ? 'default' : key.replace(/:.*$/s, '');
    const number = (titles.get(kind) ?? 0) + 1;
    titles.set(kind, number);
    const name = `${path}.rateLimit[${index}] ${limit}/${per}ms+${burst} ${key}/${ipv6Prefix}`;
    return new Limit(name, number === 1 ? kind : `${kind}-${number}`, one);
  });
}
