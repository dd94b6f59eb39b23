import type { GatewayError } from '../../http/gateway-error.js';
import { forwardedPath, type PathPolicy } from '../../http/path-policy.js';
import { pathReadings } from '../../http/path-readings.js';
import type { RouteMatch } from '../../routing/compiled-route.js';
import type { RouteQuery } from '../../routing/route.js';
import { jointPolicies } from '../../security/route-policies.js';
import { pathDenied, refusals } from './refusals.js';
import type { PlannedRoute, RoutePlan } from './route-plan.js';

/** What was found for a request: its route and plan, and the path that is forwarded where no rewrite applies. */
export interface Guarded {
  readonly match: RouteMatch<PlannedRoute> | undefined;
  readonly plan: RoutePlan | undefined;
  readonly path: string;
}

/** What is asked here of the routes of a configuration. */
interface Routes {
  /** The rules for the path of a request that no route fits. */
  readonly path: PathPolicy;
  /** A single route takes every path, so no reading of a path can lead to another route. */
  readonly takesAllPaths: boolean;
  match(request: RouteQuery): RouteMatch<PlannedRoute> | undefined;
}

/**
 * Checks a path in every way in which a backend could read it. Each reading may lead to another route: the path must pass the path rules of
 * all these routes, and the request their policies; where one of them denies (`respond` with an error), that route answers. A reading that
 * leads to no route is refused where the path strays: past `..`, or past a host at its beginning. No reading of a rewritten path may lie outside
 * the base that the rewrite puts in front.
 */
export function guarded(
  routes: Routes,
  request: RouteQuery,
  spelled: string,
  match: RouteMatch<PlannedRoute> | undefined,
): Guarded | GatewayError {
  const plan = match?.route.definition.plan;
  const path = forwardedPath(spelled, plan?.path ?? routes.path);
  if (typeof path !== 'string') return pathDenied(path.reason, path.detail);
  // The gateway answers these requests itself: no backend reads their paths.
  if (match === undefined || plan === undefined || plan.action.kind === 'local') return { match, plan, path };
  if (match.route.rewrite?.isLeft(match.pattern, { raw: path, routing: request.routingPath }) === true) {
    return refusals.left;
  }
  if (routes.takesAllPaths) return { match, plan, path };
  const readings = pathReadings(path);
  if (readings === 'too-many') return refusals.readings;
  const others = new Set<RouteMatch<PlannedRoute>>();
  for (const routingPath of readings?.others ?? []) {
    const { method, host, query, headers } = request;
    const other = routes.match({ method, host, routingPath, query, headers });
    if (other === undefined) {
      if (readings?.strays === true && !routingPath.includes('//')) return refusals.stray;
    } else if (denies(other)) return { match: other, plan: other.route.definition.plan, path };
    else if (other.route !== match.route) others.add(other);
  }
  const plans = new Set([...others].map(({ route }) => route.definition.plan));
  for (const each of plans) {
    const refusal = forwardedPath(spelled, each.path);
    if (typeof refusal !== 'string') return pathDenied(refusal.reason, refusal.detail);
  }
  return { match, plan: plans.size === 0 ? plan : joint(plan, [...plans]), path };
}

/** A route that is there to keep requests out. */
function denies({ route }: RouteMatch<PlannedRoute>): boolean {
  return (route.definition.respond?.status ?? 0) >= 400;
}

/** The plan of a route with the policies of the others. */
function joint(plan: RoutePlan, others: readonly RoutePlan[]): RoutePlan {
  const staged = jointPolicies(
    plan.staged,
    others.map(other => other.staged),
  );
  const policies = staged.map(({ policy }) => policy);
  const limits = [plan, ...others].map(({ maxBody }) => maxBody).filter(limit => limit > 0);
  const forwarding = others.filter(({ action }) => action.kind === 'forward');
  return {
    ...plan,
    staged,
    policies,
    bodyPolicies: policies.filter(policy => policy.checkBody !== undefined),
    maxBody: limits.length === 0 ? 0 : Math.min(...limits),
    upgrades: plan.upgrades.within(forwarding.map(({ upgrades }) => upgrades)),
  };
}
