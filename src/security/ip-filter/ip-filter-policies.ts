import { Injectable } from '@nestjs/common';
import type { IpFilterConfig } from '../../config/file/security.config.js';
import type { EffectiveSecurity } from '../../config/file/route-settings.js';
import type { PolicyScope, PolicySource, StagedPolicy } from '../policy-source.js';
import { IpFilter } from './ip-filter.js';

/** Makes the policy of `security.ipFilter`. Routes that have the same block share one. */
@Injectable()
export class IpFilterPolicies implements PolicySource {
  readonly #compiled = new WeakMap<IpFilterConfig, IpFilter>();

  policies({ ipFilter }: EffectiveSecurity, { path }: PolicyScope): readonly StagedPolicy[] {
    if (ipFilter === undefined || ipFilter.allow.length + ipFilter.deny.length === 0) return [];
    let policy = this.#compiled.get(ipFilter);
    if (policy === undefined) {
      policy = new IpFilter(ipFilter.allow, ipFilter.deny, `${path}.ipFilter`);
      this.#compiled.set(ipFilter, policy);
    }
    return [{ stage: 'address', policy, name: 'ipFilter' }];
  }
}
