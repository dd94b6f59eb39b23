import type { GatewayConfig } from '../config/file/gateway.config.js';
import type { EffectiveSecurity } from '../config/file/route-settings.js';
import type { LivePart } from '../config/live/transition.js';
import type { RequestPolicy } from './policy.js';

/**
 * The stages at which policies are asked, in the order of the file with two exceptions: CORS preflights are answered before
 * authentication, and limits keyed by a claim come after it.
 */
export const stages = [
  'address',
  'limits',
  'validation',
  'preflight',
  'authentication',
  'claim-limits',
  'custom',
] as const;

/** A name of {@link stages}. */
type Stage = (typeof stages)[number];

/** A policy and the stage at which it is asked. */
export interface StagedPolicy {
  readonly stage: Stage;
  readonly policy: RequestPolicy;
  /** Its key below `security`, for people: `rateLimit`, `validation.methods`. Default: that of its stage. */
  readonly name?: string;
  /** The settings of the policy: of several policies with the same settings, a request is checked by one. Default: the policy itself. */
  readonly origin?: object | undefined;
  /**
   * The policy refuses nothing, so requests of other routes whose path could be read as one of this route need not be checked
   * by it. Default: false.
   */
  readonly ownRouteOnly?: boolean;
}

/** What policies are made for. */
export interface PolicyScope {
  /** The whole configuration that they belong to: some policies follow from all of its routes. */
  readonly config: GatewayConfig;
  /** The place of the settings, for error messages: `routes[2].security`. */
  readonly path: string;
  /** The name of the route. Undefined: they are for controllers of an application, which keep them until the process ends. */
  readonly route: string | undefined;
}

/**
 * Makes the policies of one kind from the security settings of a route, for one configuration after the other. State that must outlive a
 * configuration is kept by the block that it belongs to: a block that has not changed is the same object in the next configuration.
 */
export interface PolicySource extends Partial<LivePart> {
  /** Rejects, in one line, for settings that cannot be used. */
  policies(security: EffectiveSecurity, scope: PolicyScope): readonly StagedPolicy[] | Promise<readonly StagedPolicy[]>;
}
