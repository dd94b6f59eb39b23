import type { CredentialFields } from '../../security/credential-fields.js';
import type { HeaderRules } from '../../http/header-rules.js';
import type { PathPolicy } from '../../http/path-policy.js';
import type { RouteDefinition } from '../../routing/route.js';
import type { RequestPolicy } from '../../security/policy.js';
import type { StagedPolicy } from '../../security/policy-source.js';
import type { ResponseDefaults } from '../../security/response-defaults.js';
import type { ForwardPlan } from './forward-plan.js';
import type { LocalPlan } from './local-plans.js';
import type { EventStreamSettings } from '../lasting/event-streams.js';
import type { RouteTransforms } from '../transform/route-transforms.js';
import type { Mirror } from './mirror.js';
import type { RouteUpgrades } from './route-upgrades.js';

/** A route, compiled: all that an exchange needs once its route is known. */
export interface RoutePlan {
  readonly name: string;
  readonly action: ForwardPlan | LocalPlan;
  /** Checked before anything else is done, in this order. */
  readonly policies: readonly RequestPolicy[];
  /** The same with their stages. */
  readonly staged: readonly StagedPolicy[];
  /** Largest request body in bytes; 0 = no limit. */
  readonly maxBody: number;
  /** What is done to the path before it is forwarded. */
  readonly path: PathPolicy;
  /** False: fields with an underscore in their name, or what some servers take for one, are removed or refused. */
  readonly takesUnderscores: boolean;
  readonly responseRules: HeaderRules | undefined;
  /** Applied to the fields of every response of the route, whether a backend or the gateway makes it. */
  readonly responseDefaults: ResponseDefaults | undefined;
  /** The policies of the route that need the whole body. */
  readonly bodyPolicies: readonly RequestPolicy[];
  readonly mirror: Mirror | undefined;
  /** What changes its requests and responses; undefined: nothing does. */
  readonly transforms: RouteTransforms | undefined;
  readonly upgrades: RouteUpgrades;
  readonly sse: EventStreamSettings;
  /** What no answer to a TRACE may show. */
  readonly credentials: CredentialFields;
}

/** What the route table is made of: a route as the configuration has it, with its plan. */
export interface PlannedRoute extends RouteDefinition {
  readonly plan: RoutePlan;
}
