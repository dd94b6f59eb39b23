import { Conditions } from './conditions.js';
import { hostGroups, type HostGroup } from './host-pattern.js';
import { patternsOf, type PathPattern } from './path-pattern.js';
import { Redirect } from './redirect.js';
import { Rewrite } from './rewrite.js';
import { RouteError } from './route-error.js';
import type { RouteDefinition } from './route.js';
import { Split } from './split.js';

/** A route and the path of it that matched. The same frozen object for each request: parameters are read only when they are needed. */
export interface RouteMatch<D extends RouteDefinition = RouteDefinition> {
  readonly route: Route<D>;
  readonly pattern: PathPattern;
}

/** A compiled route. Immutable, except for the position of its split. */
export class Route<D extends RouteDefinition = RouteDefinition> {
  readonly name: string;
  /** Higher ones are tried first. */
  readonly priority: number;
  readonly patterns: readonly PathPattern[];
  readonly hosts: readonly HostGroup[];
  readonly conditions: Conditions;
  readonly rewrite: Rewrite | undefined;
  readonly redirect: Redirect | undefined;
  readonly split: Split | undefined;

  /** Throws a RouteError that names the route when a host, path or template is not well formed. */
  constructor(
    /** The definition that it was compiled from, with all other settings of the route. */
    readonly definition: D,
    /** Its place in the file, from 0. */
    readonly index: number,
  ) {
    this.name = definition.name;
    this.priority = definition.priority ?? 0;
    try {
      const { match, redirect, rewrite, split } = definition;
      this.hosts = hostGroups(match.hosts);
      this.patterns = (match.path.length === 0 ? ['/*'] : match.path).flatMap(path => patternsOf(path, match));
      this.conditions = new Conditions(match);
      this.rewrite = rewrite === undefined ? undefined : new Rewrite(rewrite, this.patterns, match.caseSensitive);
      this.redirect = redirect === undefined ? undefined : new Redirect(redirect.to, this.patterns);
      this.split = split === undefined ? undefined : new Split(split);
    } catch (error) {
      throw new RouteError(`route "${definition.name}": ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  }

  /** The name of the upstream for one request: the next in turn when the route is split. Undefined for redirects and responses. */
  nextUpstream(): string | undefined {
    return this.split === undefined ? this.definition.upstream : this.split.next();
  }

  /** The name that {@link nextUpstream} would give. */
  get upcomingUpstream(): string | undefined {
    return this.split === undefined ? this.definition.upstream : this.split.upcoming;
  }
}
