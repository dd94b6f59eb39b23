import type { GatewayConfig } from '../config/file/gateway.config.js';
import type { LivePart, Transition } from '../config/live/transition.js';
import type { TrustedProxies } from '../http/client-address.js';
import { RequestFieldRules } from '../http/request-field-rules.js';
import { Signature } from '../http/signature.js';
import type { RandomSource } from '../random/random-source.js';
import type { RoutePolicies } from '../security/route-policies.js';
import type { SharedCounts } from '../shared-memory/shared-counts.js';
import { Locator } from './locator.js';
import { RoutePlans } from './plan/route-plans.js';
import type { Transformers } from './transform/transformers.js';
import type { Targets, TargetsByName } from './target/targets.js';

/** What one configuration makes of requests. Immutable: an exchange keeps what it began with. */
export interface RequestRules {
  readonly plans: RoutePlans;
  readonly locator: Locator;
  /** What becomes of the fields of requests. */
  readonly fields: RequestFieldRules;
  readonly signature: Signature;
}

/** What rules are made with. */
export interface RulesParts {
  readonly targets: Targets;
  readonly policies: RoutePolicies;
  readonly trusted: TrustedProxies;
  readonly random: RandomSource;
  /** The name of the gateway in `Via`. */
  readonly instance: string;
  /** Where streams and tunnels of all threads are counted; undefined: this thread has them all. */
  readonly counts?: SharedCounts;
  /** Default: there are none. */
  readonly transformers?: Transformers;
}

/** The rules for the requests that begin now: those of the configuration in force. */
export class LiveRules implements LivePart {
  private constructor(
    public current: RequestRules,
    private readonly parts: RulesParts,
  ) {}

  /** Rejects, in one line, when the configuration asks for a policy that cannot be had. */
  static async create(config: GatewayConfig, parts: RulesParts): Promise<LiveRules> {
    const rules = await rulesOf(config, parts, parts.targets);
    rules.plans.begin();
    return new LiveRules(rules, parts);
  }

  async prepare(transition: Transition): Promise<void> {
    const { parts } = this;
    const { to } = transition;
    const next = await rulesOf(to, parts, parts.targets.next(transition), this.current.plans);
    transition.onCommit(() => {
      parts.trusted.trust(to.trustedProxies);
      next.plans.begin();
      this.current = next;
    });
  }
}

async function rulesOf(
  config: GatewayConfig,
  { counts, policies, random, instance, transformers }: RulesParts,
  targets: TargetsByName,
  previous?: RoutePlans,
): Promise<RequestRules> {
  const { forwardedFields, requestId, security, tracing } = config;
  const plans = await RoutePlans.create(config, targets, policies, random, previous, counts, transformers);
  return {
    plans,
    locator: new Locator(plans, security.validation),
    fields: new RequestFieldRules({ forwardedFields, requestId: requestId.header, traces: tracing !== undefined }),
    signature: new Signature({ requestId, instance }),
  };
}
