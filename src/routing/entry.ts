import type { Route } from './compiled-route.js';
import { compareConditions } from './conditions.js';
import { compareHostGroups, type HostGroup } from './host-pattern.js';
import { comparePatterns, type PathPattern } from './path-pattern.js';
import type { RouteDefinition } from './route.js';

/** One of the paths of a route under its hosts of one kind. A route has at least one entry. */
export interface Entry<D extends RouteDefinition = RouteDefinition> {
  readonly route: Route<D>;
  readonly hosts: HostGroup;
  readonly pattern: PathPattern;
}

/**
 * All entries of all routes, in matching order:
 *
 * 1. host: exact, then wildcards (the one with more labels first), then any;
 * 2. path, segment by segment from the left: text, then `:param`, then the path's end, then `/*`;
 * 3. a route that names methods before one that does not;
 * 4. the one with more header conditions, then the one with more query conditions;
 * 5. the first in the file.
 *
 * A request goes to the first entry that matches it.
 */
export function inMatchingOrder<D extends RouteDefinition>(routes: readonly Route<D>[]): Entry<D>[] {
  const entries = routes.flatMap(route =>
    route.hosts.flatMap(hosts => route.patterns.map(pattern => ({ route, hosts, pattern }))),
  );
  return entries.sort(compareEntries);
}

function compareEntries(a: Entry, b: Entry): number {
  return (
    compareHostGroups(a.hosts, b.hosts) ||
    comparePatterns(a.pattern, b.pattern) ||
    compareConditions(a.route.conditions, b.route.conditions) ||
    a.route.index - b.route.index
  );
}
