import type { RouteMatch } from './compiled-route.js';
import { hasSameCase } from './path-pattern.js';
import type { RouteDefinition, RouteQuery } from './route.js';

/** The routes with the same host and the same path, in the order in which they are tried. */
export class Candidates<D extends RouteDefinition> {
  readonly #matches: RouteMatch<D>[] = [];

  /** `foldsCase`: the routes were found by a path in lower case, so this class compares the case of routes with `caseSensitive`. */
  constructor(private readonly foldsCase = false) {}

  /** Adds a route at the end. A route that is already there with another spelling of the same path is not added again. */
  add(match: RouteMatch<D>): void {
    const isThere = !this.foldsCase && this.#matches.some(({ route }) => route === match.route);
    if (!isThere) this.#matches.push(match);
  }

  /** The first route whose conditions the request meets. */
  first(request: RouteQuery): RouteMatch<D> | undefined {
    for (const match of this.#matches) {
      if (this.foldsCase && !fitsCase(match, request)) continue;
      if (match.route.conditions.hold(request)) return match;
    }
    return undefined;
  }

  /** All whose path fits the request, whether or not it meets their conditions, in the order in which they are tried. */
  *fitting(request: RouteQuery): Generator<RouteMatch<D>> {
    for (const match of this.#matches) if (!this.foldsCase || fitsCase(match, request)) yield match;
  }
}

function fitsCase({ pattern }: RouteMatch, { routingPath }: RouteQuery): boolean {
  return pattern.foldsCase || hasSameCase(pattern, routingPath);
}
