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
 * 1. priority, the highest first;
 * 2. host: exact, then wildcards (the one with more labels first), then any;
 * 3. path, segment by segment from the left: text, then `:param`, then the path's end, then `/*`;
 * 4. a route that names methods before one that does not;
 * 5. the one with more header conditions, then the one with more query conditions;
 * 6. the first in the file.
 *
 * A request goes to the first entry that matches it.
 */
export function inMatchingOrder<D extends RouteDefinition>(routes: readonly Route<D>[]): Entry<D>[] {
  const entries = routes.flatMap(route =>
    route.hosts.flatMap(hosts => route.patterns.map(pattern => Object.freeze({ route, hosts, pattern }))),
  );
  return entries.sort(compareEntries);
}

/** Why `first` is tried before `second`, in a few words: the first of the steps of {@link inMatchingOrder} in which they differ. */
export function precedence(first: Entry, second: Entry): string {
  if (first.route.priority !== second.route.priority) return `priority ${first.route.priority}`;
  if (compareHostGroups(first.hosts, second.hosts) !== 0) return 'a more specific host';
  if (comparePatterns(first.pattern, second.pattern) !== 0) return 'a more specific path';
  if (compareConditions(first.route.conditions, second.route.conditions) !== 0) return 'more conditions';
  return 'first in the file';
}

function compareEntries(a: Entry, b: Entry): number {
  return (
    b.route.priority - a.route.priority ||
    compareHostGroups(a.hosts, b.hosts) ||
    comparePatterns(a.pattern, b.pattern) ||
    compareConditions(a.route.conditions, b.route.conditions) ||
    a.route.index - b.route.index
  );
}
