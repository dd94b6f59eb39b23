import type { GatewayConfig } from '../config/file/gateway.config.js';
import type { EffectiveSecurity } from '../config/file/route-settings.js';
import type { LivePart, Transition } from '../config/live/transition.js';
import type { RequestPolicy } from './policy.js';
import { stages, type PolicyScope, type PolicySource, type StagedPolicy } from './policy-source.js';

/** Collects the policies of all kinds for a route, in the order of their stages. */
export class RoutePolicies implements LivePart {
  /** The configuration that has taken effect last; undefined: that of the start. */
  #inForce: GatewayConfig | undefined;
  #inherited: { current: readonly RequestPolicy[] } | undefined;

  constructor(private readonly sources: readonly PolicySource[]) {}

  /** Has sources retire what only the last configuration uses, when the next takes effect. The policies of the next are made by {@link staged}. */
  async prepare(transition: Transition): Promise<void> {
    for (const source of this.sources) await source.prepare?.(transition);
    const inherited = this.#inherited;
    const next = inherited === undefined ? [] : await this.#topLevel(transition.to);
    transition.onCommit(() => {
      this.#inForce = transition.to;
      if (inherited !== undefined) inherited.current = next;
    });
  }

  /**
   * The policies of the top-level `security`, which routes without a block of their own inherit, for controllers of an application: those of the
   * configuration in force. `config`: that of the start.
   */
  async inherited(config: GatewayConfig): Promise<{ readonly current: readonly RequestPolicy[] }> {
    return (this.#inherited ??= { current: await this.#topLevel(this.#inForce ?? config) });
  }

  #topLevel(config: GatewayConfig): Promise<readonly RequestPolicy[]> {
    // It concerns responses, which no guard sees.
    const { cors: _, ...security } = config.security;
    return this.of(security, { config, path: 'security', route: undefined });
  }

  /** The policies of a route. */
  async of(security: EffectiveSecurity, scope: PolicyScope): Promise<readonly RequestPolicy[]> {
    return (await this.staged(security, scope)).map(({ policy }) => policy);
  }

  /** The same with their stages. */
  async staged(security: EffectiveSecurity, scope: PolicyScope): Promise<readonly StagedPolicy[]> {
    const lists = await Promise.all(this.sources.map(async source => source.policies(security, scope)));
    return inOrder(lists.flat());
  }
}

/**
 * The policies for a request of a route whose path could be read as one of other routes: its own, and those policies of the
 * other routes that may refuse it. A policy that several routes share is asked once.
 */
export function jointPolicies(
  own: readonly StagedPolicy[],
  others: readonly (readonly StagedPolicy[])[],
): readonly StagedPolicy[] {
  const joint = [...own];
  for (const each of others.flat()) {
    const isKnown = joint.some(one => one.stage === each.stage && originOf(one) === originOf(each));
    if (each.ownRouteOnly !== true && !isKnown) joint.push(each);
  }
  return inOrder(joint);
}

function originOf({ origin, policy }: StagedPolicy): object {
  return origin ?? policy;
}

function inOrder(policies: readonly StagedPolicy[]): StagedPolicy[] {
  return stages.flatMap(stage => policies.filter(each => each.stage === stage));
}
