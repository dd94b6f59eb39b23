import { Injectable } from '@nestjs/common';
import type { EffectiveSecurity } from '../../config/file/route-settings.js';
import type { ConcurrencyConfig } from '../../config/file/security.config.js';
import type { PolicyScope, PolicySource, StagedPolicy } from '../policy-source.js';
import { numbered, ownerOf } from '../rate-limit/limit-names.js';
import { ConcurrencyLimit } from './concurrency-limit.js';
import { ConcurrencyPolicy } from './concurrency-policy.js';
import { ConcurrencyStore } from './concurrency-store.js';

/**
 * Makes the policies of `security.concurrency`. Each block has its own counts: routes that inherit the top-level block share its counts. A count is
 * found by its owner and its key, so it goes on in the next configuration, also with another limit.
 */
@Injectable()
export class ConcurrencyPolicies implements PolicySource {
  constructor(private readonly store: ConcurrencyStore) {}

  policies({ concurrency }: EffectiveSecurity, scope: PolicyScope): readonly StagedPolicy[] {
    if (concurrency === undefined || concurrency.length === 0) return [];
    const limits = compile(concurrency, ownerOf(concurrency, scope.config.security.concurrency, scope));
    const early = limits.filter(limit => !limit.needsClaims);
    const late = limits.filter(limit => limit.needsClaims);
    const staged = (stage: StagedPolicy['stage'], some: readonly ConcurrencyLimit[]): StagedPolicy[] =>
      some.length === 0
        ? []
        : [{ stage, policy: new ConcurrencyPolicy(some, this.store), name: 'concurrency', origin: concurrency }];
    return [...staged('limits', early), ...staged('claim-limits', late)];
  }
}

function compile(settings: readonly ConcurrencyConfig[], owner: string): readonly ConcurrencyLimit[] {
  const names = new Map<string, number>();
  return settings.map(one => {
    const name = numbered(JSON.stringify([owner, one.key, one.ipv6Prefix]), ' ', names);
    return new ConcurrencyLimit(`${name} `, one);
  });
}
