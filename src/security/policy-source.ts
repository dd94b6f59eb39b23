import type { EffectiveSecurity } from '../config/file/route-settings.js';
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
  /** The settings of the policy: of several policies with the same settings, a request is checked by one. Default: the policy itself. */
  readonly origin?: object | undefined;
  /**
   * The policy refuses nothing, so requests of other routes whose path could be read as one of this route need not be checked
   * by it. Default: false.
   */
  readonly ownRouteOnly?: boolean;
}

/** Makes the policies of one kind from the security settings of a route. */
export interface PolicySource {
  /** `path`: the place of the settings, for error messages: `routes[2].security`. Rejects, in one line, for settings that cannot be used. */
  policies(security: EffectiveSecurity, path: string): readonly StagedPolicy[] | Promise<readonly StagedPolicy[]>;
}
