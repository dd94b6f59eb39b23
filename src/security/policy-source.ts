import type { EffectiveSecurity } from '../config/file/route-settings.js';
import type { RequestPolicy } from './policy.js';

/**
 * When a policy is asked. In the order of the file, but for two: CORS preflights are answered before authentication, and
 * limits that are keyed by a claim come after it.
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
export type Stage = (typeof stages)[number];

/** A policy and when it is asked. */
export interface StagedPolicy {
  readonly stage: Stage;
  readonly policy: RequestPolicy;
  /** The settings that it was made of: of two with the same ones a request is asked once. Default: the policy itself. */
  readonly origin?: object | undefined;
  /**
   * It refuses nothing, so it has no say on requests of other routes whose path could be read as one of its own. Default: false.
   */
  readonly ownRouteOnly?: boolean;
}

/** Makes the policies of one kind from the security that holds for a route. */
export interface PolicySource {
  /** `path`: where the settings stand, for error messages: `routes[2].security`. Rejects, in one line, for what cannot be done. */
  policies(security: EffectiveSecurity, path: string): readonly StagedPolicy[] | Promise<readonly StagedPolicy[]>;
}
