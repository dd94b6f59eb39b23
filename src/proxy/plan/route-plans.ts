import { CredentialFields } from '../../security/credential-fields.js';
import type { GatewayConfig } from '../../config/file/gateway.config.js';
import { RouteConfig } from '../../config/file/route.config.js';
import {
  matchOf,
  retriesOf,
  routesOf,
  securityOf,
  sseOf,
  timeoutsOf,
  webSocketOf,
} from '../../config/file/route-settings.js';
import type { GatewayError } from '../../http/gateway-error.js';
import { HeaderRules } from '../../http/header-rules.js';
import type { PathPolicy } from '../../http/path-policy.js';
import type { RandomSource } from '../../random/random-source.js';
import { Route, type RouteMatch } from '../../routing/compiled-route.js';
import { RouteTable } from '../../routing/route-table.js';
import type { RouteQuery } from '../../routing/route.js';
import { CorsPreflights } from '../../security/cors/cors-preflights.js';
import { preflightMethod } from '../../security/cors/preflight.js';
import type { StagedPolicy } from '../../security/policy-source.js';
import { responseDefaultsOf, type ResponseDefaults } from '../../security/response-defaults.js';
import type { RoutePolicies } from '../../security/route-policies.js';
import type { SharedCounts } from '../../shared-memory/shared-counts.js';
import { FallbackResponse } from './fallback.js';
import { guarded, type Guarded } from './guarded-plan.js';
import { FixedPlan, RedirectPlan, type LocalPlan } from './local-plans.js';
import { Mirror } from './mirror.js';
import type { EventStreamSettings } from '../lasting/event-streams.js';
import { Places } from '../lasting/places.js';
import { SharedPlaces } from '../lasting/shared-places.js';
import { ForwardPlan } from './forward-plan.js';
import type { ForwardRoute } from './forward-route.js';
import type { PlannedRoute, RoutePlan } from './route-plan.js';
import type { RouteTransforms } from '../transform/route-transforms.js';
import type { Transformers } from '../transform/transformers.js';
import { RetryPolicy } from './retry-policy.js';
import { RouteUpgrades } from './route-upgrades.js';
import type { TargetsByName } from '../target/targets.js';

/** The routes of a configuration, each with its plan, behind the compiled table. Immutable. */
export class RoutePlans {
  readonly table: RouteTable<PlannedRoute>;
  /** What is done to the path of requests that no route fits. */
  readonly path: PathPolicy;
  /** There is one route, and it takes every path. */
  readonly takesAllPaths: boolean;
  /** What holds for the responses to requests that no route fits. */
  readonly responseDefaults: ResponseDefaults | undefined;

  /** The places for event streams and tunnels, those that all routes without a limit of their own share under the name of no route. */
  readonly #places = new Map<string, { readonly places: Places; readonly max: number }>();
  /** What {@link toUpstream} has made. */
  readonly #toUpstreams = new Map<string, RouteMatch<PlannedRoute>>();
  readonly #eventStreams: Places;
  readonly #tunnels: Places;
  readonly #credentials: CredentialFields;

  private constructor(
    private readonly config: GatewayConfig,
    private readonly targets: TargetsByName,
    policies: readonly (readonly StagedPolicy[])[],
    transforms: readonly (RouteTransforms | undefined)[],
    private readonly random: RandomSource,
    private previous: RoutePlans | undefined,
    private readonly counts: SharedCounts | undefined,
  ) {
    this.responseDefaults = responseDefaultsOf(config.security);
    this.path = config.security.validation.path;
    this.#credentials = new CredentialFields(config);
    this.#eventStreams = this.#placesOf('sse', config.sse.maxConnections);
    this.#tunnels = this.#placesOf('websocket', config.websocket.maxConnections);
    this.table = RouteTable.compile(
      routesOf(config).map((route, index) => ({
        ...route,
        plan: this.#plan(route, policies[index]!, transforms[index]),
      })),
    );
    const [only, ...more] = this.table.entries;
    this.takesAllPaths = only?.pattern.isPrefix === true && only.pattern.segments.length === 0 && more.length === 0;
  }

  /**
   * `previous`: the plans that are in force until now, whose open streams and tunnels go on counting. `counts`: where those of all
   * threads are counted. Rejects, in one line, when the configuration asks
   * for a policy that cannot be had.
   */
  static async create(
    config: GatewayConfig,
    targets: TargetsByName,
    policies: RoutePolicies,
    random: RandomSource,
    previous?: RoutePlans,
    counts?: SharedCounts,
    transformers?: Transformers,
  ): Promise<RoutePlans> {
    const lists = config.routes.map((route, index) =>
      policies.staged(securityOf(config, route), { config, path: `routes[${index}].security`, route: route.name }),
    );
    const transforms = config.routes.map(async (route, index) => transformers?.ofRoute(config, route, index));
    return new RoutePlans(
      config,
      targets,
      await Promise.all(lists),
      await Promise.all(transforms),
      random,
      previous,
      counts,
    );
  }

  /** Takes effect: what it shares with the plans before has its limits from now on. */
  begin(): void {
    for (const { places, max } of this.#places.values()) places.max = max;
    this.previous = undefined;
  }

  /** The most specific route that fits. A CORS preflight gets the one of the request that it is for, if that answers preflights. */
  match(request: RouteQuery): RouteMatch<PlannedRoute> | undefined {
    const wanted = preflightMethod(request);
    if (wanted !== undefined) {
      const { host, routingPath, query, headers } = request;
      const match = this.table.match({ method: wanted, host, routingPath, query, headers });
      if (match !== undefined && answersPreflights(match.route.definition.plan)) return match;
    }
    return this.table.match(request);
  }

  /**
   * What holds for a request whose path holds something that servers read in different ways; or why it is refused. `isGiven`: no reading of its path leads it
   * to another route.
   */
  guard(
    request: RouteQuery,
    path: string,
    match: RouteMatch<PlannedRoute> | undefined,
    isGiven = false,
  ): Guarded | GatewayError {
    return guarded(isGiven ? { path: this.path, takesAllPaths: true, match: () => match } : this, request, path, match);
  }

  /**
   * What leads requests to an upstream past the routes, with the upstream's timeouts and retries and what holds for all routes; no policy is asked. Undefined: there is no such
   * upstream. Logs and metrics call it `upstream:` and the name.
   */
  toUpstream(name: string): RouteMatch<PlannedRoute> | undefined {
    const known = this.#toUpstreams.get(name);
    if (known !== undefined || !this.config.upstreams.has(name)) return known;
    const config = Object.assign(new RouteConfig(), { name: `upstream:${name}`, upstream: name });
    const route = { ...config, match: matchOf(this.config, config) };
    const made = new Route({ ...route, plan: this.#plan(route, [], undefined) }, this.table.routes.length);
    const match = { route: made, pattern: made.patterns[0]! };
    this.#toUpstreams.set(name, match);
    return match;
  }

  #plan(route: RouteConfig, staged: readonly StagedPolicy[], transforms: RouteTransforms | undefined): RoutePlan {
    const security = securityOf(this.config, route);
    const { validation } = security;
    const { mirror } = route;
    const policies = staged.map(({ policy }) => policy);
    return {
      name: route.name,
      action: this.#action(route),
      policies,
      staged,
      maxBody: validation.maxBody,
      path: validation.path,
      bodyPolicies: policies.filter(policy => policy.checkBody !== undefined),
      responseDefaults: responseDefaultsOf(security),
      takesUnderscores: validation.underscoreHeaders === 'keep',
      responseRules: HeaderRules.compile(route.headers?.response),
      upgrades: this.#upgrades(route),
      mirror:
        mirror === undefined ? undefined : new Mirror(this.#forward(route, mirror.upstream), mirror.share, this.random),
      sse: this.#sse(route),
      transforms,
      credentials: this.#credentials,
    };
  }

  #upgrades(route: RouteConfig): RouteUpgrades {
    const settings = webSocketOf(this.config, route);
    const isOwn = route.websocket?.maxConnections !== undefined;
    return new RouteUpgrades(
      settings,
      isOwn ? this.#placesOf(`websocket ${route.name}`, settings.maxConnections) : this.#tunnels,
      forwards(route),
    );
  }

  #sse(route: RouteConfig): EventStreamSettings {
    const { maxConnections, ...settings } = sseOf(this.config, route);
    const isOwn = route.sse?.maxConnections !== undefined;
    const places = isOwn ? this.#placesOf(`sse ${route.name}`, maxConnections) : this.#eventStreams;
    return { ...settings, places };
  }

  #placesOf(key: string, max: number): Places {
    const { previous } = this;
    const kept = previous === undefined ? undefined : previous.#places.get(key);
    const places = kept?.places ?? this.#newPlaces(key, max);
    this.#places.set(key, { places, max });
    return places;
  }

  #newPlaces(key: string, max: number): Places {
    const counts = this.counts?.space(`places of ${key}`);
    return counts === undefined ? new Places(max) : new SharedPlaces(counts, max);
  }

  #action(route: RouteConfig): ForwardPlan | LocalPlan {
    if (route.redirect !== undefined) return new RedirectPlan(route.redirect.status);
    if (route.respond !== undefined) {
      const { status, headers, body } = route.respond;
      return new FixedPlan(status, headers, body);
    }
    const rules = HeaderRules.compile(route.headers?.request);
    const names = route.split?.map(part => part.upstream) ?? [route.upstream!];
    const routes = new Map(names.map(name => [name, this.#forward(route, name)]));
    const [only] = routes.values();
    const next =
      routes.size === 1 ? () => only! : (match: RouteMatch): ForwardRoute => routes.get(match.route.nextUpstream()!)!;
    const upcoming = (match: RouteMatch): ForwardRoute => routes.get(match.route.upcomingUpstream!)!;
    return new ForwardPlan(next, upcoming, route.rewrite !== undefined, rules, this.#credentials);
  }

  #forward(route: RouteConfig, name: string): ForwardRoute {
    return { ...this.#plain(route, name), fallback: this.#fallback(route, name) };
  }

  /** Without a fallback: what stands in for another has none of its own. */
  #plain(route: RouteConfig, name: string): ForwardRoute {
    const upstream = this.config.upstreams.get(name)!;
    const target = this.targets.get(name);
    const { connect, response, idle } = timeoutsOf(upstream, route);
    const retries = new RetryPolicy(retriesOf(upstream, route), this.random);
    if (retries.needsLatencies) target.keepLatencies();
    // The pool has the longest of all; an attempt keeps a shorter one itself.
    const own = connect < target.connectTimeout ? connect : 0;
    return { target, timeouts: { connect: own, response, idle }, retries, fallback: undefined };
  }

  #fallback(route: RouteConfig, name: string): ForwardRoute['fallback'] {
    const { fallback } = this.config.upstreams.get(name)!;
    if (fallback === undefined) return undefined;
    if (fallback.upstream === undefined) return new FallbackResponse(fallback);
    return { kind: 'upstream', route: this.#plain(route, fallback.upstream) };
  }
}

/** The route leads to backends; the others are answered here. */
function forwards({ redirect, respond }: RouteConfig): boolean {
  return redirect === undefined && respond === undefined;
}

function answersPreflights({ policies }: RoutePlan): boolean {
  return policies.some(policy => policy instanceof CorsPreflights);
}
