import { Route, type RouteMatch } from './compiled-route.js';
import { inMatchingOrder, type Entry } from './entry.js';
import { PathTree } from './path-tree.js';
import type { RouteDefinition, RouteQuery } from './route.js';

/**
 * The compiled routes of one configuration. Immutable. The order in which routes are tried is that of `inMatchingOrder`; a route
 * whose host and path fit but whose methods, headers or query do not is passed over for the next, down to any host.
 */
export class RouteTable<D extends RouteDefinition = RouteDefinition> {
  /** In the order of the file. */
  readonly routes: readonly Route<D>[];
  /** In matching order. */
  readonly entries: readonly Entry<D>[];
  readonly #exact = new Map<string, PathTree<D>>();
  readonly #wildcards = new Map<string, PathTree<D>>();
  readonly #any: PathTree<D>;
  readonly #longestWildcard: number;

  private constructor(definitions: readonly D[]) {
    this.routes = definitions.map((definition, index) => new Route(definition, index));
    this.entries = inMatchingOrder(this.routes);
    const foldsCase = this.entries.some(({ pattern }) => pattern.foldsCase);
    this.#any = new PathTree(foldsCase);
    for (const { route, hosts, pattern } of this.entries) {
      const match = Object.freeze({ route, pattern });
      if (hosts.kind === 'any') this.#any.add(match);
      const trees = hosts.kind === 'exact' ? this.#exact : this.#wildcards;
      for (const name of hosts.names) treeOf(trees, name, foldsCase).add(match);
    }
    this.#longestWildcard = Math.max(0, ...[...this.#wildcards.keys()].map(name => name.length));
  }

  /** Compiles routes, given in the order of the file. Throws a RouteError that names the route when one is not well formed. */
  static compile<D extends RouteDefinition>(definitions: readonly D[]): RouteTable<D> {
    return new RouteTable(definitions);
  }

  /** Tree nodes that all lookups have visited so far: a measure of their work. */
  get visits(): number {
    let visits = this.#any.visits;
    for (const tree of this.#exact.values()) visits += tree.visits;
    for (const tree of this.#wildcards.values()) visits += tree.visits;
    return visits;
  }

  /** The route for a request, or undefined. Its cost depends on the path and the host, not on the number of routes. */
  match(request: RouteQuery): RouteMatch<D> | undefined {
    const { host } = request;
    const exact = this.#exact.get(host)?.find(request);
    if (exact !== undefined) return exact;
    if (this.#wildcards.size > 0) {
      for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1)) {
        if (host.length - dot - 1 > this.#longestWildcard) continue;
        const found = this.#wildcards.get(host.slice(dot + 1))?.find(request);
        if (found !== undefined) return found;
      }
    }
    return this.#any.find(request);
  }
}

function treeOf<D extends RouteDefinition>(
  trees: Map<string, PathTree<D>>,
  name: string,
  foldsCase: boolean,
): PathTree<D> {
  const tree = trees.get(name) ?? new PathTree<D>(foldsCase);
  trees.set(name, tree);
  return tree;
}
