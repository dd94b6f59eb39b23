import type { EffectiveSecurity } from '../config/route-settings.js';
import type { RequestPolicy } from './policy.js';
import { stages, type PolicySource } from './policy-source.js';

/** Puts together what each kind of policy has for a route, in the order of their stages. */
export class RoutePolicies {
  constructor(private readonly sources: readonly PolicySource[]) {}

  /** The policies that hold for a route. `path`: where its settings stand, for error messages. */
  async of(security: EffectiveSecurity, path: string): Promise<readonly RequestPolicy[]> {
    const lists = await Promise.all(this.sources.map(async source => source.policies(security, path)));
    const staged = lists.flat();
    return stages.flatMap(stage => staged.filter(each => each.stage === stage).map(each => each.policy));
  }
}
