import type { RouteMatch } from './compiled-route.js';
import type { RouteDefinition, RouteQuery } from './route.js';

/** The routes with the same host and the same path, in the order in which they are tried. */
export class Candidates<D extends RouteDefinition> {
  readonly #matches: RouteMatch<D>[] = [];

  /** Adds one behind those that are there. A route that stands there with another spelling of the same path is not added again. */
  add(match: RouteMatch<D>): void {
    if (!this.#matches.some(({ route }) => route === match.route)) this.#matches.push(match);
  }

  /** The first whose conditions the request meets. */
  first(request: RouteQuery): RouteMatch<D> | undefined {
    for (const match of this.#matches) if (match.route.conditions.hold(request)) return match;
    return undefined;
  }
}
