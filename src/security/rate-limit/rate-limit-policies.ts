import { Injectable } from '@nestjs/common';
import type { EffectiveSecurity } from '../../config/file/route-settings.js';
import type { RateLimitConfig } from '../../config/file/security.config.js';
import type { PolicyScope, PolicySource, StagedPolicy } from '../policy-source.js';
import { numbered, ownerOf } from './limit-names.js';
import { LimitStore } from './limit-store.js';
import { Limit } from './limit.js';
import { RateLimitFields } from './rate-limit-fields.js';
import { RateLimitPolicy } from './rate-limit-policy.js';

/**
 * Makes the policies of `security.rateLimit`. Each block has its own counts: routes that inherit the top-level block share its
 * counts. A count is found by the name of its limit, so it goes on in the next configuration, and in another gateway with the
 * same file, wherever the limit stands there.
 */
@Injectable()
export class RateLimitPolicies implements PolicySource {
  readonly #compiled = new WeakMap<readonly RateLimitConfig[], Compiled>();

  constructor(private readonly store: LimitStore) {}

  policies({ rateLimit }: EffectiveSecurity, scope: PolicyScope): readonly StagedPolicy[] {
    if (rateLimit === undefined || rateLimit.length === 0) return [];
    const limits = this.#limits(rateLimit, ownerOf(rateLimit, scope.config.security.rateLimit, scope));
    const early = limits.filter(limit => !limit.needsClaims);
    const late = limits.filter(limit => limit.needsClaims);
    const fields = new RateLimitFields([...early, ...late], early.length > 0 && late.length > 0);
    const policy = (some: readonly Limit[]): RateLimitPolicy => new RateLimitPolicy(some, this.store, fields);
    const named = { name: 'rateLimit', origin: rateLimit };
    return [
      ...(early.length > 0 ? [{ stage: 'limits', policy: policy(early), ...named } as const] : []),
      ...(late.length > 0 ? [{ stage: 'claim-limits', policy: policy(late), ...named } as const] : []),
    ];
  }

  /** The limits of the top-level block, whose counts are those of all routes that inherit it. */
  inherited(settings: readonly RateLimitConfig[]): readonly Limit[] {
    return this.#limits(settings, ownerOf(settings, settings, { route: undefined }));
  }

  #limits(settings: readonly RateLimitConfig[], owner: string): readonly Limit[] {
    let compiled = this.#compiled.get(settings);
    // A route may get another name while its limits stay.
    if (compiled?.owner !== owner) {
      compiled = { owner, limits: compile(settings, owner) };
      this.#compiled.set(settings, compiled);
    }
    return compiled.limits;
  }
}

/** The limits of a block, as its last owner has them. */
interface Compiled {
  readonly owner: string;
  readonly limits: readonly Limit[];
}

/** Owner and settings make the names of the limits, so a changed limit starts again from zero, and the others go on. */
function compile(settings: readonly RateLimitConfig[], owner: string): readonly Limit[] {
  const titles = new Map<string, number>();
  const names = new Map<string, number>();
  return settings.map(one => {
    const { limit, per, burst = limit, key, ipv6Prefix } = one;
    const kind = settings.length === 1 ? 'default' : key.replace(/:.*$/s, '');
    const name = `${owner} ${limit}/${per}ms+${burst} ${key}/${ipv6Prefix}`;
    return new Limit(numbered(name, ' ', names), numbered(kind, '-', titles), one);
  });
}
